import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clip, displayWidth, escapeText, quoteValue } from '../../../src/cli/render-escape.js';

describe('escapeText()', () => {
  test.each([
    ['nginx: worker', 'nginx: worker'],
    ['grün 日本', 'grün 日本'],
    ['\u001b[2J', '\\x1b[2J'],
    ['\u009b2J', '\\x9b2J'],
    ['a\nb\tc\rd\0', 'a\\nb\\tc\\rd\\x00'],
    ['\u007f', '\\x7f'],
    ['\\x1b', '\\\\x1b'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['\u2028', '\\u{2028}'],
    ['a\u00a0b', 'a\\xa0b'],
    ['\u200b', '\\u{200b}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\u{d800}'],
  ])('escapeText() turns %j into %s', (text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });

  test('escapeText() leaves no control character, and never maps two texts to one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(escapeText(one)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(escapeText(one) === escapeText(other)).toBe(one === other);
      }),
    );
  });
});

describe('clip()', () => {
  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abcdef', 1, '…'],
    ['abcdef', 0, ''],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['', 0, ''],
  ])('clip() cuts %s to %d columns', (text, columns, clipped) => {
    expect(clip(text, columns)).toBe(clipped);
  });

  test('clip() never uses more columns than given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(12), (text, columns) => {
        expect(displayWidth(clip(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('quoteValue()', () => {
  test('quoteValue() escapes, quotes, and cuts to 80 characters', () => {
    expect(quoteValue('a "b"\n')).toBe('"a \\"b\\"\\n"');
    expect(quoteValue('x'.repeat(100_000))).toBe(`"${'x'.repeat(79)}…"`);
  });
});
