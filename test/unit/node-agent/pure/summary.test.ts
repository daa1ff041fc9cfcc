import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { distribution, summarize } from '../../../../src/node-agent/pure/summary.js';
import { timings } from '../../builders.js';

const range = (length: number): number[] => Array.from({ length }, (_, index) => index + 1);

describe('distribution()', () => {
  test.each([
    ['nothing', [], { min: 0, median: 0, p99: 0, max: 0 }],
    ['one value', [7], { min: 7, median: 7, p99: 7, max: 7 }],
    ['two: the lower one is the median', [9, 1], { min: 1, median: 1, p99: 9, max: 9 }],
    ['three', [10, 9, 100], { min: 9, median: 10, p99: 100, max: 100 }],
    ['99: p99 is the maximum', range(99), { min: 1, median: 50, p99: 99, max: 99 }],
    ['100: p99 is the last but one', range(100), { min: 1, median: 50, p99: 99, max: 100 }],
    ['200', range(200), { min: 1, median: 100, p99: 198, max: 200 }],
    ['1000', range(1000), { min: 1, median: 500, p99: 990, max: 1000 }],
  ])('distribution() takes %s', (_, values, figures) => {
    expect(distribution(values)).toEqual(figures);
  });

  test('distribution() gives values that occurred, in ascending order, whatever the order of the samples', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (values) => {
        const { min, median, p99, max } = distribution(values);
        expect(values).toEqual(expect.arrayContaining([min, median, p99, max]));
        expect(min <= median && median <= p99 && p99 <= max).toBe(true);
        expect(distribution(values.toReversed())).toEqual({ min, median, p99, max });
        expect(values.filter((value) => value <= median).length * 2).toBeGreaterThanOrEqual(values.length);
      }),
    );
  });
});

describe('summarize()', () => {
  test('summarize() gives the distribution of every timing', () => {
    const summary = summarize([
      timings({ seizeMicroseconds: 4 }),
      timings({ seizeMicroseconds: 2, pauseMicroseconds: 9 }),
    ]);
    expect(Object.keys(summary).toSorted()).toEqual(Object.keys(timings()).toSorted());
    expect(summary.seizeMicroseconds).toEqual({ min: 2, median: 2, p99: 4, max: 4 });
    expect(summary.pauseMicroseconds).toEqual({ min: 0, median: 0, p99: 9, max: 9 });
    expect(summary.resolveMicroseconds).toEqual({ min: 0, median: 0, p99: 0, max: 0 });
  });

  test('summarize() leaves its samples as they are, and takes none', () => {
    const samples = Object.freeze([timings({ holdMicroseconds: 2 }), timings({ holdMicroseconds: 1 })]);
    expect(summarize(samples).holdMicroseconds.max).toBe(2);
    expect(summarize([]).pauseMicroseconds).toEqual({ min: 0, median: 0, p99: 0, max: 0 });
  });
});
