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
    expect([raw.heldFrom, scene.board.heldFrom()]).toEqual([stoodStillAt + ahead, Math.round(stoodStillAt + ahead)]);
    // The wall clock was set back during the hold, by more than the hold lasted.
    expect(scene.report(raw).standstill).toEqual({ from: stoodStillAt + ahead, until: letGoAt + ahead });
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

  test('names no such time while a task that was set aside may go on, and names it once that task has stopped', () => {
    const scene = makeScene(mode);
    scene.add();
    const stuck = scene.add({ activity: 'inKernel' });
    const hold = { timeoutMicroseconds: 10_000_000, holdMicroseconds: 1_000_000 };
    let backAt: number | undefined;
    const seen: (number | undefined)[] = [];
    const raw = scene.run(hold, {
      wallOffset: () => 0,
      wait: (_known, microseconds) => {
        seen.push(scene.board.heldFrom());
        if (seen.length === 3) {
          scene.host.setActivity(stuck, 'running');
          backAt = scene.kernel.now();
        }
        scene.kernel.sleep(Math.min(microseconds, 50_000));
      },
    });
    expect(raw).toMatchObject({ failure: undefined, unfrozen: [] });
    expect(seen.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(raw.heldFrom).toBeGreaterThan(backAt ?? Number.POSITIVE_INFINITY);
    expect(scene.report(raw).standstill?.from).toBe(raw.heldFrom);
  });

  test('names no such time when a task that was set aside never stops', () => {
    const scene = makeScene(mode);
    scene.add();
    scene.add({ activity: 'inKernel' });
    const raw = scene.run({ timeoutMicroseconds: 10_000_000, holdMicroseconds: 1_000_000 }, { wallOffset: () => 0 });
    expect([raw.failure, raw.heldFrom, scene.board.heldFrom()]).toEqual([undefined, undefined, undefined]);
    expect(scene.report(raw)).not.toHaveProperty('standstill');
    scene.kernel.endTracingThread();
  });

  test('ends a hold at the bound on the board, which may be put off meanwhile', () => {
    const scene = makeScene(mode);
    scene.add();
    let waits = 0;
    const run = (bounds: readonly number[]): ReturnType<typeof scene.run> =>
      scene.run(
        { holdMicroseconds: 2_000_000 },
        {
          wait: (_known, microseconds) => {
            const bound = bounds[waits++];
            if (bound !== undefined) scene.board.setMayHoldUntil(scene.kernel.now() + bound);
            scene.kernel.sleep(Math.min(microseconds, 50_000));
          },
        },
      );
    const cut = run([300_000, 500_000]);
    expect(cut).toMatchObject({ failure: undefined, isCutOff: true });
    expect(cut.timings.holdMicroseconds).toBeGreaterThan(500_000);
    expect(cut.timings.holdMicroseconds).toBeLessThan(700_000);
    expect(scene.report(cut).isCutOff).toBe(true);
    scene.board.reset();
    const whole = run([]);
    expect(whole).toMatchObject({ failure: undefined, isCutOff: false });
    expect(whole.timings.holdMicroseconds).toBeGreaterThanOrEqual(2_000_000);
  });
});
