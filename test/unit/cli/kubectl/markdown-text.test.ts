import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { actsOnTerminal } from '../hostile.js';
import { plainText, renderMarkdown } from '../../../../src/cli/kubectl/markdown-text.js';

const text = `\
A word in \`code\`, a **strong** one, an *emphatic* one, and a [link](other.md#there).

- **Means.** A list item that is long enough to need
  a second line.
- Short.

\`\`\`sh
echo one   # two
\`\`\`

| a | b |
|---|---|
`;

describe('renderMarkdown()', () => {
  test('wraps paragraphs and items, and leaves code and tables as they are', () => {
    expect(renderMarkdown(text, { color: false, width: 40 })).toBe(`\
A word in \`code\`, a strong one, an
emphatic one, and a link.

- Means. A list item that is long enough
  to need a second line.
- Short.

    echo one   # two

| a | b |
|---|---|

`);
  });

  test('makes code and strong text bold where there is colour', () => {
    expect(renderMarkdown('see `x.y`: **now**', { color: true })).toBe(
      'see \u001b[1mx.y\u001b[0m: \u001b[1mnow\u001b[0m\n',
    );
  });

  test('gives a word that is wider than the line a line of its own', () => {
    const word = 'x'.repeat(50);
    expect(renderMarkdown(`a ${word} b`, { color: false, width: 10 })).toBe(`a\n${word}\nb\n`);
  });

  test('never throws, and prints no control character', () => {
    const input = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('`', '**', '- ', '\n', '[', '](', '```')),
    );
    fc.assert(
      fc.property(input, (parts) => {
        expect(actsOnTerminal(renderMarkdown(parts.join(''), { color: false }))).toBe(false);
      }),
    );
  });
});

test('plainText() takes the marks away, and puts everything on one line', () => {
  expect(plainText('The `a` is\n  **b** ([c](d.md)).')).toBe('The `a` is b (c).');
});
