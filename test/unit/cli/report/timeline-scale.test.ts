import { describe, expect, test } from '@jest/globals';
import { PHASES } from '../../../../src/api/podcapture.js';
import type { Durations } from '../../../../src/cli/report/read-capture.js';
import { phaseOrder, placePhases } from '../../../../src/cli/report/timeline-scale.js';

const durations = (values: Partial<Durations>): Durations => ({
  ...(Object.fromEntries(PHASES.map((phase) => [phase, 0])) as unknown as Durations),
  freezing: 0,
  pause: 0,
  ...values,
});

describe('placePhases()', () => {
  test('places the phases to scale, one after the other', () => {
    const timeline = placePhases(durations({ resolve: 100, seize: 300, release: 600, freezing: 300, pause: 950 }), []);
    expect(timeline?.phases).toEqual([
      { phase: 'resolve', microseconds: 100, from: 0, to: 10 },
      { phase: 'seize', microseconds: 300, from: 10, to: 40 },
      { phase: 'release', microseconds: 600, from: 40, to: 100 },
    ]);
    expect(timeline?.freezing).toEqual({ from: 10, to: 40 });
    expect(timeline?.pause).toEqual({ from: 10, to: 100 });
    expect(timeline?.between).toBe(50);
    expect(timeline?.broken).toBeUndefined();
  });

  test('breaks the line at a hold that would hide everything else, and says so', () => {
    const timeline = placePhases(
      durations({ seize: 780, hold: 600_000_000, release: 780, freezing: 780, pause: 600_001_560 }),
      [],
    );
    expect(timeline?.phases.map(({ from, to }) => [from, to])).toEqual([
      [0, 39],
      [39, 61],
      [61, 100],
    ]);
    expect(timeline?.broken).toEqual({ from: 39, to: 61 });
    expect(timeline?.ticks.every(({ at }) => at < 39)).toBe(true);
  });

  test('keeps a short hold to scale', () => {
    expect(placePhases(durations({ seize: 100, hold: 300 }), [])?.broken).toBeUndefined();
    expect(placePhases(durations({ hold: 300 }), [])?.phases).toEqual([
      { phase: 'hold', microseconds: 300, from: 0, to: 100 },
    ]);
  });

  test('has round ticks, at most six', () => {
    expect(placePhases(durations({ seize: 10_000 }), [])?.ticks.map(({ microseconds }) => microseconds)).toEqual([
      0, 2000, 4000, 6000, 8000,
    ]);
    for (const seize of [1, 2, 7, 99, 12_345, 5e9, Number.MAX_SAFE_INTEGER]) {
      expect(placePhases(durations({ seize }), [])?.ticks.length).toBeLessThanOrEqual(6);
    }
  });

  test('has nothing to place where nothing was touched', () => {
    expect(placePhases(durations({}), ['V2'])).toBeUndefined();
  });
});

test('phaseOrder() has the stop before the thaw where every freezer is of v2', () => {
  expect(phaseOrder(['V2', 'V2']).slice(2, 5)).toEqual(['seize', 'stop', 'cgroupThaw']);
  expect(phaseOrder(['V2', 'V1'])).toEqual(PHASES);
  expect(phaseOrder([])).toEqual(PHASES);
});
