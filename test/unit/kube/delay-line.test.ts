import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DelayLine } from '../../../src/kube/delay-line.js';
import { ManualClock } from './fixtures.js';

function line() {
  const clock = new ManualClock();
  const rung: [string, number][] = [];
  const delays = new DelayLine(clock, (key) => rung.push([key, clock.monotonic()]));
  return { clock, rung, delays, start: clock.monotonic() };
}

describe('DelayLine', () => {
  test('returns each key when its shortest delay is over, whatever the order of the additions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.integer({ min: 1, max: 50 })), {
          maxLength: 40,
        }),
        async (added) => {
          const { clock, rung, delays, start } = line();
          const expected = new Map<string, number>();
          for (const [key, delay] of added) {
            delays.add(key, delay);
            expected.set(key, Math.min(delay, expected.get(key) ?? delay));
          }
          for (let passed = 0; passed < 60; passed += 1) await clock.advance(1);
          expect(delays.size).toBe(0);
          expect(new Map(rung.map(([key, at]) => [key, at - start]))).toEqual(expected);
          expect(rung.length).toBe(expected.size);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('has one timer, however many keys wait', () => {
    const { clock, delays } = line();
    for (let index = 0; index < 1000; index += 1) delays.add(`key-${index}`, 10_000 + index);
    expect([delays.size, clock.pending]).toEqual([1000, 1]);
    delays.clear();
    expect([delays.size, clock.pending]).toEqual([0, 0]);
  });

  test('takes a key that was returned again', async () => {
    const { clock, rung, delays } = line();
    delays.add('a', 5);
    await clock.advance(5);
    delays.add('a', 5);
    await clock.advance(5);
    expect(rung.map(([key]) => key)).toEqual(['a', 'a']);
  });
});
