import { describe, expect, test } from '@jest/globals';
import { brokenLinks, linksOf, type Tree } from '../../docs/links.js';

const FILES: Readonly<Record<string, string>> = {
  'README.md': '# Stasis\n## Read on\n',
  'docs/a.md': '# A\n## Two words\n## Two words\n<a id="own"></a>\n',
  'docs/b (c).md': '# B\n',
  'docs/picture.png': '',
  'docs/x.md': '# Heading\n',
  'src/main.ts': '# A\n',
};
const TREE: Tree = {
  paths: new Set([...Object.keys(FILES), 'docs', 'src']),
  read: (path) => FILES[path] ?? '',
};
const broken = (text: string, path = 'docs/x.md'): string[] => brokenLinks(path, text, TREE);

describe('linksOf()', () => {
  test('finds every kind of link, in the order of the lines', () => {
    const text = [
      '[a](a.md) and [b](<b (c).md> "title")',
      '![picture](picture.png) [![badge](badge.svg)](a.md#a)',
      '[text][ref], [ref][]',
      '<a href="a.md#own">x</a> <img alt="y" src=\'picture.png\'>',
      'See https://semver.org/spec. And <https://github.com/x>.',
      '',
      '[ref]: a.md#two-words "title"',
    ].join('\n');
    expect(linksOf(text)).toEqual([
      { line: 1, target: 'a.md' },
      { line: 1, target: 'b (c).md' },
      { line: 2, target: 'picture.png' },
      { line: 2, target: 'badge.svg' },
      { line: 2, target: 'a.md#a' },
      { line: 4, target: 'a.md#own' },
      { line: 4, target: 'picture.png' },
      { line: 5, target: 'https://semver.org/spec' },
      { line: 5, target: 'https://github.com/x' },
      { line: 7, target: 'a.md#two-words' },
    ]);
  });

  test('finds none in code and comments', () => {
    expect(linksOf('`[a](b)`\n\n```\n[a](b)\nhttps://c\n```\n<!-- [a](b) -->\n')).toEqual([]);
  });
});

describe('brokenLinks()', () => {
  test.each([
    'a.md',
    './a.md#a',
    'a.md#two-words',
    'a.md#two-words-1',
    'a.md#own',
    '<b (c).md>',
    'b%20(c).md',
    'picture.png',
    '../README.md#read-on',
    '../src/main.ts',
    '../src/',
    '..',
    '#heading',
    'https://github.com/stasis-dev/stasis',
    'https://github.com/stasis-dev/stasis/blob/main/docs/a.md#own',
    'https://github.com/stasis-dev/stasis/security/advisories',
    'https://kubernetes.io/docs/concepts/',
  ])('accepts %s', (target) => {
    expect(broken(`# Heading\n[x](${target})\n`)).toEqual([]);
  });

  test.each([
    ['c.md', 'no such file'],
    ['A.md', 'no such file'],
    ['docs/a.md', 'no such file'],
    ['a.md#b', 'no such heading'],
    ['a.md#Two-words', 'no such heading'],
    ['a.md#two-words-2', 'no such heading'],
    ['a.md#', 'no such heading'],
    ['#none', 'no such heading'],
    ['../../x.md', 'the path leaves the repository'],
    ['/docs/a.md', 'write the path from the file that has the link'],
    ['../src/main.ts#L3', 'only a document has anchors; the number of a line grows old'],
    ['%zz.md', 'the escapes with % are wrong'],
    ['', 'the link is empty'],
    ['http://semver.org/', 'only https: leads out of the repository'],
    ['mailto:a@example.com', 'only https: leads out of the repository'],
    ['//semver.org/', 'an address needs https:'],
    ['https://', 'no valid address'],
    ['https://example.org/x', expect.stringMatching(/^the host is none of github\.com, /)],
    ['https://github.com:444/x', expect.stringMatching(/^the host is none of /)],
    ['https://github.com/stasis-dev/stasis/blob/main/docs/c.md', 'no such file'],
    ['https://github.com/stasis-dev/stasis/blob/main/docs/a.md#b', 'no such heading'],
    ['https://github.com/stasis-dev/stasis/wiki', 'no page of the project'],
  ])('refuses %s', (target, fault) => {
    const [line = '', ...others] = broken(`# Heading\n[x](${target})\n`);
    expect(others).toEqual([]);
    expect(line.startsWith(`docs/x.md:2: ${target}: `)).toBe(true);
    expect(line.slice(`docs/x.md:2: ${target}: `.length)).toEqual(fault);
  });

  test('refuses a planted error in each kind of link', () => {
    const text = [
      '![x](no.png)',
      '[x][ref] and [y][missing] and [also missing][]',
      '<img src="no.svg">',
      '<a href="no.html">x</a>',
      'http://semver.org in the text',
      '[ref]: no.md',
    ].join('\n');
    expect(broken(text)).toEqual([
      'docs/x.md:1: no.png: no such file',
      'docs/x.md:3: no.svg: no such file',
      'docs/x.md:4: no.html: no such file',
      'docs/x.md:5: http://semver.org: only https: leads out of the repository',
      'docs/x.md:6: no.md: no such file',
      'docs/x.md:2: [missing]: no line defines this reference',
      'docs/x.md:2: [also missing]: no line defines this reference',
    ]);
  });

  test('looks for the anchors of the document itself in the tree', () => {
    expect(broken('[x](#two-words)', 'docs/a.md')).toEqual([]);
    expect(broken('[x](#stasis) [y](#own)', 'README.md')).toEqual(['README.md:1: #own: no such heading']);
  });
});
