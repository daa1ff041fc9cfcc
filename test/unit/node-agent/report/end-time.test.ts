import { describe, expect, test } from '@jest/globals';
import { endTime } from '../../../../src/node-agent/report/end-time.js';
import { timings } from '../../builders.js';

const START = '2026-01-01T10:00:00.000Z';
const AN_HOUR_BACK = '2026-01-01T09:01:00.000Z';

/** The report of a capture that paused its pod for so many seconds. */
function paused(seconds: number, letGo?: string) {
  const report = { timings: timings({ pauseMicroseconds: 1_000_000 * seconds }) };
  return letGo === undefined ? report : { ...report, standstill: { from: 0, until: 1000 * Date.parse(letGo) } };
}

describe('endTime()', () => {
  test('is the time of the wall clock where it went on', () => {
    expect(endTime(START, '2026-01-01T10:01:00.000Z', [paused(59)])).toBe('2026-01-01T10:01:00.000Z');
    expect(endTime(START, '2026-01-01T11:30:00.000Z', [paused(59)])).toBe('2026-01-01T11:30:00.000Z');
    expect(endTime(START, START, [])).toBe(START);
  });

  test('is the start and what has passed since, where the wall clock was set back', () => {
    expect(endTime(START, AN_HOUR_BACK, [])).toBe(START);
    expect(endTime(START, AN_HOUR_BACK, [paused(60)])).toBe('2026-01-01T10:01:00.000Z');
    expect(endTime(START, '2026-01-01T10:00:05.000Z', [paused(60)])).toBe('2026-01-01T10:01:00.000Z');
    expect(endTime(START, AN_HOUR_BACK, [paused(1), paused(1.0001)])).toBe('2026-01-01T10:00:02.001Z');
  });

  test('is not before the pod was let go', () => {
    const letGo = '2026-01-01T10:01:00.500Z';
    expect(endTime(START, AN_HOUR_BACK, [paused(60, letGo)])).toBe(letGo);
  });

  test('is the time of the wall clock where the start is no time', () => {
    expect(endTime('once', AN_HOUR_BACK, [paused(60)])).toBe(AN_HOUR_BACK);
  });
});
