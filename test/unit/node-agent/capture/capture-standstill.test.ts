/** When a capture says that the pod stood still. */
import { describe, expect, test } from '@jest/globals';
import { makeScene, MODES } from './scene.js';

describe.each(MODES)('capture() with %s', (mode) => {
  test('tells when every task stood still and when the release began, also by the wall clock', () => {
    const scene = makeScene(mode);
    scene.add();
    const ahead = 1_767_225_600_000_000;
    const raw = scene.run({ holdMicroseconds: 1_000_000 }, { wallOffset: () => ahead });
    const { stoodStillAt = 0, letGoAt = 0, firstActAt = 0, timings } = raw;
    expect(stoodStillAt).toBeGreaterThan(firstActAt);
    expect(letGoAt - stoodStillAt).toBeGreaterThanOrEqual(timings.holdMicroseconds);
    expect(letGoAt - firstActAt).toBeLessThanOrEqual(timings.pauseMicroseconds);
    expect([raw.heldFrom, scene.board.heldFrom()]).toEqual([stoodStillAt + ahead, stoodStillAt + ahead]);
    // The wall clock was set back during the hold.
    expect(scene.report(raw).standstill).toEqual({ from: stoodStillAt + ahead, until: letGoAt });
    const short = makeScene(mode);
    short.add();
    const brief = short.run();
    expect(short.report(brief).standstill).toEqual({ from: brief.stoodStillAt, until: brief.letGoAt });
  });

  test('names no such time when not every task came to a stop', () => {
    const scene = makeScene(mode);
    scene.add();
    const raw = scene.run({ maxPauseMicroseconds: 1 });
    expect(raw.failure?.reason).toBe('PauseBudgetExceeded');
    expect([raw.stoodStillAt, raw.letGoAt]).toEqual([undefined, undefined]);
    expect(scene.report(raw)).not.toHaveProperty('standstill');
  });
});
