import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatMicroseconds, LONGEST_DURATION, parseDuration } from '../../../src/cli/duration.js';

describe('parseDuration()', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['10s', 10_000_000],
    ['250ms', 250_000],
    ['1m30s', 90_000_000],
    ['1.5s', 1_500_000],
    ['.5s', 500_000],
    ['1.s', 1_000_000],
    ['500us', 500],
    ['500\u00b5s', 500],
    ['500\u03bcs', 500],
    ['0.1s', 100_000],
    ['1.000001s', 1_000_001],
    ['0.001ms', 1],
    ['24h', LONGEST_DURATION],
    ['1h2m3s4ms5us', 3_723_004_005],
    ['30s1m', 90_000_000],
  ])('parseDuration() reads %s as %d µs', (text, microseconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, microseconds });
  });

  test.each([
    ['', '"" is not a duration such as 10s or 250ms'],
    ['10 parsecs', '"10 parsecs" is not a duration such as 10s or 250ms'],
    ['10', '"10" has no unit; write 10s or 250ms'],
    ['1.5', '"1.5" has no unit; write 10s or 250ms'],
    ['s', '"s" is not a duration such as 10s or 250ms'],
    ['.s', '".s" is not a duration such as 10s or 250ms'],
    ['NaN', '"NaN" is not a duration such as 10s or 250ms'],
    ['Infinity', '"Infinity" is not a duration such as 10s or 250ms'],
    ['1e3s', '"1e3s" is not a duration such as 10s or 250ms'],
    ['0x10s', '"0x10s" is not a duration such as 10s or 250ms'],
    ['+1s', '"+1s" is not a duration such as 10s or 250ms'],
    ['1s 2ms', '"1s 2ms" is not a duration such as 10s or 250ms'],
    ['1s\n', '"1s\\n" is not a duration such as 10s or 250ms'],
    ['1m30', '"1m30" is not a duration such as 10s or 250ms'],
    ['1d', '"1d" is not a duration such as 10s or 250ms'],
    ['5ns', '"5ns" is not a duration such as 10s or 250ms'],
    ['-5s', '"-5s" is negative'],
    ['-0', '"-0" is negative'],
    ['--5s', '"--5s" is not a duration such as 10s or 250ms'],
    ['0.5us', '"0.5us" is finer than a microsecond'],
    ['1.0000001s', '"1.0000001s" is finer than a microsecond'],
    ['24h1us', '"24h1us" is longer than 24h'],
    ['99999999999999999999h', '"99999999999999999999h" is longer than 24h'],
    ['\u001b[31m', '"\\x1b[31m" is not a duration such as 10s or 250ms'],
  ])('parseDuration() refuses %j', (text, message) => {
    expect(parseDuration(text)).toEqual({ ok: false, message });
  });

  test('parseDuration() refuses an absurdly long text at once', () => {
    const parsed = parseDuration(`${'9'.repeat(1_000_000)}s`);
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok ? '' : parsed.message).toHaveLength(82 + ' is not a duration such as 10s or 250ms'.length);
  });

  test('parseDuration() never throws, and returns whole microseconds of at most a day', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^-?(\d{1,12}\.?\d{0,7}(h|m|s|ms|us)){0,3}$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseDuration(text);
        const microseconds = parsed.ok ? parsed.microseconds : 0;
        expect(Number.isInteger(microseconds) && microseconds >= 0 && microseconds <= LONGEST_DURATION).toBe(true);
        expect(parsed.ok ? '"" ' : parsed.message).toMatch(/^"[^\p{Cc}]*" /u);
      }),
    );
  });
});

describe('formatMicroseconds()', () => {
  test.each([
    [0, '0µs'],
    [873, '873µs'],
    [999, '999µs'],
    [1_000, '1.000ms'],
    [12_345, '12.345ms'],
    [999_999, '999.999ms'],
    [1_000_000, '1.000s'],
    [1_204_499, '1.204s'],
    [59_999_400, '59.999s'],
    [59_999_600, '1m00.000s'],
    [63_204_000, '1m03.204s'],
    [3_599_999_600, '1h00m00.000s'],
    [3_603_204_000, '1h00m03.204s'],
    [-12_345, '-12.345ms'],
  ])('formatMicroseconds() writes %d as %s', (microseconds, text) => {
    expect(formatMicroseconds(microseconds)).toBe(text);
  });

  test('formatMicroseconds() writes texts that parseDuration() reads back: exactly below a second, to the millisecond above', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 0, max: LONGEST_DURATION })),
        (microseconds) => {
          const exact = microseconds < 1_000_000 ? microseconds : Math.round(microseconds / 1_000) * 1_000;
          expect(parseDuration(formatMicroseconds(microseconds))).toEqual({ ok: true, microseconds: exact });
        },
      ),
    );
  });
});
