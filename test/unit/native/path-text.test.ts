import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasEscapes, pathBytes, pathText, shownPath } from '../../../src/native/path-text.js';

describe('pathText()', () => {
  test('leaves UTF-8 as it is, beyond the basic plane too', () => {
    for (const name of ['kubepods.slice', 'grün', '冻结', '🧊', 'a\u{FEFF}b'])
      expect(pathText(Buffer.from(name))).toBe(name);
  });

  test('keeps each byte that is not UTF-8 as one lone surrogate', () => {
    expect(pathText(Buffer.from([0x73, 0xff, 0x62]))).toBe('s\udcffb');
    // A surrogate in UTF-8, an overlong slash, a sequence cut short.
    expect(pathText(Buffer.from([0xed, 0xb2, 0x80]))).toBe('\udced\udcb2\udc80');
    expect(pathText(Buffer.from([0xc0, 0xaf]))).toBe('\udcc0\udcaf');
    expect(pathText(Buffer.from([0xe2, 0x82]))).toBe('\udce2\udc82');
  });

  test('decodes valid UTF-8 as every decoder does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(pathText(bytes)).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      }),
    );
  });
});

describe('pathBytes()', () => {
  test('is the inverse of pathText() for all bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect([...pathBytes(pathText(bytes))]).toEqual([...bytes]);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps the order of bytes and characters in a mixed name', () => {
    expect([...pathBytes('a\udcff🧊')]).toEqual([0x61, 0xff, ...Buffer.from('🧊')]);
  });
});

describe('shownPath()', () => {
  test('shows what is not UTF-8 as a hexadecimal escape, and is text that any encoder takes', () => {
    expect(shownPath('/pod/s\udcffb')).toBe('/pod/s\\xffb');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const shown = shownPath(pathText(bytes));
        expect(new TextDecoder().decode(new TextEncoder().encode(shown))).toBe(shown);
      }),
    );
  });

  test('leaves a path without such bytes as it is', () => {
    expect(shownPath('/kubepods/grün')).toBe('/kubepods/grün');
    expect(hasEscapes('/kubepods/grün')).toBe(false);
  });
});
