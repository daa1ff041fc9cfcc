import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fairCap } from '../../../../src/node-agent/pure/fair-cap.js';

describe('fairCap()', () => {
  test('fairCap() cuts the long ones alone', () => {
    expect(fairCap([10, 1000, 20, 1000], 500)).toBe(235);
    expect(fairCap([10, 20], 30)).toBe(Number.POSITIVE_INFINITY);
    expect(fairCap([], 0)).toBe(Number.POSITIVE_INFINITY);
    expect(fairCap([5, 5, 5], 2)).toBe(0);
  });

  test('fairCap() keeps to the total, and gives nothing away that a higher cap would not exceed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 30 }), fc.nat(5000), (lengths, total) => {
        const cap = fairCap(lengths, total);
        const sum = (most: number): number => lengths.reduce((all, length) => all + Math.min(length, most), 0);
        expect(sum(cap)).toBeLessThanOrEqual(total);
        expect(cap === Number.POSITIVE_INFINITY || sum(cap + 1) > total).toBe(true);
      }),
    );
  });
});
