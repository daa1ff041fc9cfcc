import { expect, test } from '@jest/globals';
import { wrapWords } from '../../../../src/cli/kubectl/wrap-words.js';

test.each([
  ['a short text', 40, ['a short text']],
  ['one two three four five six', 20, ['one two three four', 'five six']],
  ['a-name-that-is-longer-than-the-width and more', 20, ['a-name-that-is-longer-than-the-width', 'and more']],
  ['even a narrow terminal has twenty columns', 3, ['even a narrow', 'terminal has twenty', 'columns']],
  ['no width at all', Number.POSITIVE_INFINITY, ['no width at all']],
])('%j in %d columns', (text, width, lines) => {
  expect(wrapWords(text, width)).toEqual(lines);
});

test('a character that is written as an escape counts as what is printed', () => {
  expect(wrapWords('\u0007\u0007\u0007\u0007 abcdefg', 20)).toEqual(['\u0007\u0007\u0007\u0007', 'abcdefg']);
});
