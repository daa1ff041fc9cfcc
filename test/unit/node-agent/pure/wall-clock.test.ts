import { describe, expect, test } from '@jest/globals';
import { wallOffset, wallTime } from '../../../../src/node-agent/pure/wall-clock.js';

/** Clocks of which the wall clock is `ahead` microseconds ahead and shows whole milliseconds. A look takes `look` microseconds. */
function clocks(ahead: number, look: number) {
  let at = 5_000_123;
  const now = (): number => (at += look);
  const wall = (): number => Math.floor(((at += look) + ahead) / 1000);
  return { now, wall };
}

describe('wallOffset()', () => {
  test.each([0, 1, 499, 999, 1_767_225_600_000_777])(
    'finds an offset of %d µs as exactly as the looks are fast',
    (ahead) => {
      const { now, wall } = clocks(ahead, 1);
      expect(Math.abs(wallOffset(now, wall) - ahead)).toBeLessThanOrEqual(3);
    },
  );

  test('ends within 1.5 ms with a wall clock that stands still', () => {
    const { now } = clocks(0, 1);
    const since = now();
    wallOffset(now, () => 7);
    expect(now() - since).toBeLessThan(1_600);
  });
});

describe('wallTime()', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [1_767_225_600_000_250.25, '2026-01-01T00:00:00.000250Z'],
    [1_767_225_600_999_999.75, '2026-01-01T00:00:01.000000Z'],
    [-1, '1969-12-31T23:59:59.999999Z'],
  ])('writes %d with six digits of a second', (microseconds, text) => {
    expect(wallTime(microseconds)).toBe(text);
  });
});
