import { expect, test } from '@jest/globals';
import { formatAge } from '../../../../src/cli/kubectl/age.js';
import { checkLookback } from '../../../../src/cli/kubectl/lookback.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('formatAge() writes an age as kubectl does', () => {
  const ages: readonly (readonly [number, string])[] = [
    [-2_000, '<invalid>'],
    [-1_000, '0s'],
    [0, '0s'],
    [119_999, '119s'],
    [2 * MINUTE, '2m'],
    [5 * MINUTE + 12_000, '5m12s'],
    [10 * MINUTE + 12_000, '10m'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [3 * HOUR + 5 * MINUTE, '3h5m'],
    [47 * HOUR, '47h'],
    [2 * DAY, '2d'],
    [7 * DAY + 3 * HOUR, '7d3h'],
    [400 * DAY, '400d'],
    [730 * DAY, '2y'],
    [731 * DAY, '2y1d'],
    [3000 * DAY, '8y'],
    [Number.NaN, '<unknown>'],
  ];
  expect(ages.map(([age]) => formatAge(age))).toEqual(ages.map(([, text]) => text));
});

test('checkLookback() reads durations, and days', () => {
  expect(checkLookback('--since', '90m')).toEqual({ ok: true, value: 90 * MINUTE });
  expect(checkLookback('--since', '7d')).toEqual({ ok: true, value: 7 * DAY });
  expect(checkLookback('--since', '7')).toMatchObject({ ok: false });
});
