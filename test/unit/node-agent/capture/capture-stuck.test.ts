/** Tasks that make no progress towards their stop, and freezers that somebody else opens in the middle. */
import { describe, expect, test } from '@jest/globals';
import { freezerWrites, makeScene, POD, reopenWhenBlocked, type Mode, type Scene } from './scene.js';

const FREEZERS: readonly Mode[] = ['v1', 'v2'];
/** What the others may be held at most, in microseconds: the 100 ms until a task is believed to be stuck, and as much again. */
const HELD_MICROSECONDS = 300_000;

function expectLeft({ host, kernel }: Scene): void {
  expect(kernel.openPaths()).toEqual([]);
  expect(host.audit()).toEqual([]);
}

describe.each([...FREEZERS, 'none'] as const)('capture() with %s', (mode) => {
  test('neither freezes nor seizes anything of a process that writes a core file, and names its tasks', () => {
    const scene = makeScene(mode);
    const other = scene.add();
    const dumping = scene.add({ comm: 'crashed', threads: 2, activity: 'coreDumping' });
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(freezerWrites(scene)).toEqual([]);
    const seized = scene.kernel.script.log.filter(({ name }) => name === 'seize').map(({ args }) => args[0]);
    expect(seized).toEqual([other]);
    expect(raw.unfrozen.map(({ tid, cause }) => [tid, cause])).toEqual(
      [dumping, dumping + 1, dumping + 2].map((tid) => [tid, 'CoreDump']),
    );
    expect(scene.report(raw).tree.map((row) => row.pid)).toEqual([other, dumping]);
    expectLeft(scene);
  });

  test('does not wait for a task that exits', () => {
    const scene = makeScene(mode);
    scene.add();
    const exiting = scene.add({ activity: 'exiting' });
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(raw.unfrozen).toMatchObject([{ tid: exiting, cause: 'Exiting' }]);
    expect(raw.timings.pauseMicroseconds).toBeLessThan(15_000);
    scene.kernel.endTracingThread();
    expectLeft(scene);
  });

  test('sets a task aside that runs in the kernel and does not come out', () => {
    const scene = makeScene(mode);
    const other = scene.add();
    const stuck = scene.add({ activity: 'inKernel' });
    const raw = scene.run({ timeoutMicroseconds: 10_000_000 });
    expect(raw.failure).toBeUndefined();
    expect(raw.unfrozen).toMatchObject([{ tid: stuck, cause: 'InKernel', state: 'R' }]);
    expect(raw.timings.pauseMicroseconds).toBeLessThan(HELD_MICROSECONDS);
    expect(scene.report(raw).tree.map((row) => row.pid)).toEqual([other, stuck]);
    scene.kernel.endTracingThread();
    expectLeft(scene);
  });
});

describe.each(FREEZERS)('capture() with the %s freezer', (mode) => {
  test('proves every task when somebody else opens the freezer, at whatever call', () => {
    const clean = makeScene(mode);
    clean.add({ threads: 2 });
    clean.run();
    const calls = clean.kernel.script.log.length;
    for (let at = 1; at <= calls; at++) {
      const scene = makeScene(mode);
      reopenWhenBlocked(scene);
      const first = scene.add({ threads: 2 });
      scene.kernel.script.at(at, () => {
        scene.host.freeze('v1', POD, false);
        scene.host.freeze('v2', POD, false);
        // What runs now makes a child that no list had.
        scene.host.spawn(first, 'fork');
      });
      const raw = scene.run({ holdMicroseconds: 60_000 });
      expect({ at, failure: raw.failure }).toEqual({ at, failure: undefined });
      const living = [...scene.host.state.tasks.values()].filter(({ v2 }) => v2.path === POD).map(({ tid }) => tid);
      expect({ at, tids: raw.tasks.map(({ tid }) => tid).toSorted((a, b) => a - b) }).toEqual({
        at,
        tids: living.toSorted((a, b) => a - b),
      });
      expect({ at, left: [scene.kernel.openPaths(), scene.host.audit()] }).toEqual({ at, left: [[], []] });
    }
  });
});
