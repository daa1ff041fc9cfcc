import { describe, expect, test } from '@jest/globals';
import { anchorsOf, fencesOf, headingsOf, proseOf, slugOf, withoutFences } from '../../docs/markdown.js';

describe('fencesOf()', () => {
  test('returns blocks with their line, language, text and the comment before', () => {
    const text = ['# Title', '<!-- run: x -->', '```console', '$ ls', '```', '', '~~~', 'a', '```', '~~~'].join('\n');
    expect(fencesOf(text)).toEqual([
      { line: 3, language: 'console', lines: ['$ ls'], comment: 'run: x' },
      { line: 7, language: '', lines: ['a', '```'], comment: undefined },
    ]);
  });

  test('takes the indentation of a block in a list off its lines', () => {
    expect(fencesOf('- a\n\n  <!-- run: y -->\n  ```sh\n  ls\n    -l\n  ```\n')).toEqual([
      { line: 4, language: 'sh', lines: ['ls', '  -l'], comment: 'run: y' },
    ]);
  });

  test('ends a block without a closing fence with the text, and takes a longer fence for the end', () => {
    expect(fencesOf('```\na').map(({ lines }) => lines)).toEqual([['a']]);
    expect(fencesOf('```\na\n````\nb').map(({ lines }) => lines)).toEqual([['a']]);
  });

  test('does not take a span of code for a block', () => {
    expect(fencesOf('```ls``` lists')).toEqual([]);
  });
});

test('withoutFences() keeps the numbers of the lines', () => {
  expect(withoutFences('a\n```\n# no\n```\nb')).toBe('a\n\n\n\nb');
});

test('proseOf() blanks code and comments, and keeps the lines', () => {
  expect(proseOf('a `[x](y)` b\n``[`z](y)`` <!-- [c](d)\n[e](f) --> g')).toBe(
    'a `      ` b\n``       ``            \n           g',
  );
  expect(proseOf('one ` tick\n\nand ` one')).toBe('one ` tick\n\nand ` one');
});

describe('headingsOf()', () => {
  test('finds both kinds of headings, and none in code or comments', () => {
    const text =
      '# One #\n\n```sh\n# no\n```\n<!--\n# no\n-->\nTwo\n===\n\nThree\n---\n\n#no\n\n| a |\n|---|\n\n- b\n---\n';
    expect(headingsOf(text)).toEqual(['One', 'Two', 'Three']);
  });
});

describe('slugOf()', () => {
  test.each([
    ['To the first panel', 'to-the-first-panel'],
    ['`stasis doctor`', 'stasis-doctor'],
    ['GitOps, `kubectl wait`, backups', 'gitops-kubectl-wait-backups'],
    ['How to add …', 'how-to-add-'],
    ['CRI-O, SELinux, OpenShift', 'cri-o-selinux-openshift'],
    ['Causes in `unfrozen`', 'causes-in-unfrozen'],
    ['A [link](x.md#y) here', 'a-link-here'],
    ['snake_case & more', 'snake_case--more'],
    ['_Slanted_ **bold**', 'slanted-bold'],
    ['Äpfel 100 %', 'äpfel-100-'],
    ['0001: a bracket', '0001-a-bracket'],
  ])('%s', (heading, slug) => {
    expect(slugOf(heading)).toBe(slug);
  });
});

test('anchorsOf() numbers equal headings as GitHub does, and takes the anchors of HTML', () => {
  const text = '# A\n# A\n# A-1\n# A\n<a id="own"></a><a name=\'other\'></a>\n';
  expect([...anchorsOf(text)]).toEqual(['a', 'a-1', 'a-1-1', 'a-2', 'own', 'other']);
});
