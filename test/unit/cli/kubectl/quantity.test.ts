/** Tests the reading of Kubernetes quantities. */
import { describe, expect, test } from '@jest/globals';
import { parseQuantity } from '../../../../src/cli/kubectl/quantity.js';

describe('parseQuantity()', () => {
  test.each([
    ['10', 10],
    ['0', 0],
    ['1k', 1000],
    ['1.5k', 1500],
    ['2Ki', 2048],
    ['1Gi', 1024 ** 3],
    ['1e3', 1000],
    ['1E3', 1000],
    ['1E', 1e18],
    ['500m', 0.5],
    ['.5', 0.5],
    ['-1', -1],
  ])('of %s', (text, number) => {
    expect(parseQuantity(text)).toBeCloseTo(number, 6);
  });

  test.each(['', 'k', '1kk', '1 k', '1K', '0x10', 'Infinity', 'NaN', '1e', '1_000'])('refuses %j', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});
