import { describe, expect, test } from '@jest/globals';
import { fencesOf } from '../../docs/markdown.js';
import { commandsOf, isOpen, withWords } from '../../docs/session.js';

function commands(language: string, ...lines: string[]) {
  const [fence] = fencesOf([`\`\`\`${language}`, ...lines, '```'].join('\n'));
  return fence === undefined ? [] : commandsOf(fence);
}

describe('commandsOf() a block with prompts', () => {
  test('separates commands from their output, and knows the line of each', () => {
    expect(commands('console', '$ one', '$ two --x   # a comment', 'NAME', '', '# no', 'end')).toEqual([
      { line: 2, text: 'one', output: [] },
      { line: 3, text: 'two --x   # a comment', output: ['NAME', '', '# no', 'end'] },
    ]);
    expect(commands('console', '# one', 'a', '# two')).toEqual([
      { line: 2, text: 'one', output: ['a'] },
      { line: 4, text: 'two', output: [] },
    ]);
  });

  test('joins lines that continue a command', () => {
    expect(commands('console', '$ a \\', '    --b', 'out', '$ c |', '  d', "$ e 'f", "g'", '$ h &&', '  i')).toEqual([
      { line: 2, text: 'a \\\n    --b', output: ['out'] },
      { line: 5, text: 'c |\n  d', output: [] },
      { line: 7, text: "e 'f\ng'", output: [] },
      { line: 9, text: 'h &&\n  i', output: [] },
    ]);
  });

  test('takes a here-document whole, also one with a prompt in it', () => {
    expect(commands('console', "$ cat <<'EOF' > x", '$ no', "it's", 'EOF', 'out')).toEqual([
      { line: 2, text: "cat <<'EOF' > x\n$ no\nit's\nEOF", output: ['out'] },
    ]);
  });

  test('takes prompts of a block without a language', () => {
    expect(commands('', '$ ls', 'a')).toEqual([{ line: 2, text: 'ls', output: ['a'] }]);
  });

  test('leaves out what comes before the first prompt', () => {
    expect(commands('console', 'a', '$ b')).toEqual([{ line: 3, text: 'b', output: [] }]);
  });
});

test('commandsOf() takes each line of a script for a command, but no comment', () => {
  expect(commands('sh', '# first', 'a=$(b)', '', 'c "$a" \\', '  d # e', 'f << END', 'g', 'END', 'h')).toEqual([
    { line: 3, text: 'a=$(b)', output: [] },
    { line: 5, text: 'c "$a" \\\n  d # e', output: [] },
    { line: 7, text: 'f << END\ng\nEND', output: [] },
    { line: 10, text: 'h', output: [] },
  ]);
});

describe('isOpen()', () => {
  test.each([
    ['ls', false],
    ['ls \\', true],
    ['ls \\\\', true],
    ['ls |', true],
    ['ls || ', true],
    ['ls &', false],
    ['echo "a', true],
    ["echo 'a", true],
    ["echo a  # it's a comment \\", false],
    ["echo a#'b", true],
    ['echo "it\'s"', false],
    ['echo \\"', false],
    ['echo "\\""', false],
    ["echo '\\'", false],
    ['cat << EOF', true],
    ['cat << EOF\nEOF', false],
    ["cat <<-'A' <<B\nA", true],
    ["cat <<-'A' <<B\nA\nB", false],
    ["cat << 'EOF' | tee x\na' \\\nEOF", false],
  ])('%p: %p', (text, open) => {
    expect(isOpen(text)).toBe(open);
  });
});

test('withWords() fills in placeholders, and leaves variables and longer words alone', () => {
  const command = { line: 1, text: 'kubectl -n NS get $NS pods/NAME -o NODE_NAME NSX', output: ['NS'] };
  expect(withWords(command, new Map([['NS', 'shop']]))).toEqual({
    line: 1,
    text: 'kubectl -n shop get $NS pods/NAME -o NODE_NAME NSX',
    output: ['shop'],
  });
});
