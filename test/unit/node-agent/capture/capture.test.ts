/** A capture of a pod that nobody else holds, on the fake host. */
import { describe, expect, test } from '@jest/globals';
import { ORDER_CANCEL } from '../../../../src/node-agent/capture/board.js';
import type { RawCapture } from '../../../../src/node-agent/capture/raw-capture.js';
import { count, freezerWrites, makeScene, MODES, POD, reopenWhenBlocked, type Mode, type Scene } from './scene.js';

const WRITES: Readonly<Record<Mode, readonly string[]>> = { v1: ['FROZEN', 'THAWED'], v2: ['1', '0'], none: [] };
/** The freezers by their names in the API. */
const NAMES = { v1: 'V1', v2: 'V2', none: 'None' } as const;
const FREEZERS = ['v1', 'v2'] as const;

/** Lets the tracing thread end when the capture says so, and expects nothing to be left. */
function expectNothingLeft({ host, kernel }: Scene, raw: RawCapture): void {
  expect(kernel.openPaths()).toEqual([]);
  expect(raw.thawUnproved).toEqual([]);
  if (raw.threadMustEnd) kernel.endTracingThread();
  expect(host.audit()).toEqual([]);
}

function isOpenAtLast(scene: Scene, version: 'v1' | 'v2'): boolean {
  return freezerWrites(scene).at(-1) === WRITES[version][1];
}

describe.each(MODES)('capture() with %s', (mode) => {
  test('holds, reads and lets go every process and thread', () => {
    const scene = makeScene(mode);
    const init = scene.add({ comm: 'init', threads: 2 });
    const child = scene.add({ comm: 'child', ppid: init });
    const raw = scene.run();
    const made = scene.report(raw);
    expect(raw.failure).toBeUndefined();
    expect(made.tree.map((row) => [row.pid, row.threads.length, row.state])).toEqual([
      [init, 3, 'Alive'],
      [child, 1, 'Alive'],
    ]);
    expect(made.threads).toBe(4);
    expect(made.containers).toMatchObject([{ freezer: NAMES[mode], wasFrozen: false, processes: 2, threads: 4 }]);
    expect(made.unfrozen).toEqual([]);
    expect(freezerWrites(scene)).toEqual(WRITES[mode]);
    expect(count(scene, 'detach')).toBe(4);
    expect(raw.threadMustEnd).toBe(false);
    expectNothingLeft(scene, raw);
  });

  test('reports a vfork parent as unfrozen and goes on', () => {
    const scene = makeScene(mode);
    scene.add();
    const parent = scene.add({ activity: 'vforkParent' });
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(raw.unfrozen).toMatchObject([{ tid: parent, cause: 'VforkParent' }]);
    expect(scene.report(raw).tree.map((row) => row.pid)).toContain(parent);
    expectNothingLeft(scene, raw);
  });

  test('goes on by interrupts past a task in an uninterruptible wait, and reports it', () => {
    const scene = makeScene(mode);
    scene.add();
    const held = scene.add({ activity: 'uninterruptible' });
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(raw.targets).toMatchObject([{ freezer: 'none' }]);
    expect(raw.unfrozen).toMatchObject([{ tid: held, state: 'D', cause: 'Uninterruptible' }]);
    expect(mode === 'none' || isOpenAtLast(scene, mode)).toBe(true);
    expectNothingLeft(scene, raw);
  });

  test('leaves a task to its tracer, and names both', () => {
    const scene = makeScene(mode);
    scene.add();
    const debuggee = scene.add({ comm: 'debuggee' });
    const other = scene.host.addProcess({ comm: 'gdb' });
    scene.host.trace(debuggee, other);
    const raw = scene.run();
    expect(raw.failure?.reason).toBe('TaskAlreadyTraced');
    expect(raw.failure?.message).toContain(`${debuggee} (debuggee)`);
    expect(raw.failure?.message).toContain(`${other} (gdb)`);
    expect(scene.host.task(debuggee).trace?.tracerTid).toBe(other);
    expectNothingLeft(scene, raw);
  });

  test('gives a zombie a row below its parent', () => {
    const scene = makeScene(mode);
    const init = scene.add();
    const zombie = scene.add({ ppid: init, parentReaps: false });
    scene.host.exit(zombie);
    const raw = scene.run();
    expect(scene.report(raw).tree).toMatchObject([
      { pid: init, state: 'Alive' },
      { pid: zombie, ppid: init, state: 'Zombie', threads: [] },
    ]);
    expectNothingLeft(scene, raw);
  });

  test('captures a process of which the leader has exited', () => {
    const scene = makeScene(mode);
    const pid = scene.add({ threads: 2 });
    scene.host.exit(pid);
    const raw = scene.run();
    const [row] = scene.report(raw).tree;
    expect(raw.failure).toBeUndefined();
    expect(row).toMatchObject({ pid, state: 'Alive', leaderDead: true });
    expect(row?.threads.map(({ tid, state }) => [tid, state])).toEqual([
      [pid, 'Zombie'],
      [pid + 1, 'Alive'],
      [pid + 2, 'Alive'],
    ]);
    expectNothingLeft(scene, raw);
  });

  test('keeps a budget of the pause that is shorter than the hold, because the hold is no part of it', () => {
    const scene = makeScene(mode);
    scene.add();
    const raw = scene.run({ holdMicroseconds: 1_000_000, maxPauseMicroseconds: 100_000 });
    expect(raw.failure).toBeUndefined();
    expect(raw.timings.holdMicroseconds).toBeGreaterThanOrEqual(1_000_000);
    expect(raw.overrunMicroseconds).toBe(0);
    expectNothingLeft(scene, raw);
  });

  test('fails with PauseBudgetExceeded before the hold when the budget is over, and does not hold', () => {
    const scene = makeScene(mode);
    scene.add();
    const raw = scene.run({ holdMicroseconds: 1_000_000, maxPauseMicroseconds: 20 });
    expect(raw.failure?.reason).toBe('PauseBudgetExceeded');
    expect(raw.timings.holdMicroseconds).toBeLessThan(1_000_000);
    expectNothingLeft(scene, raw);
  });

  test('fails with Cancelled when it is cancelled before the tree is collected', () => {
    const scene = makeScene(mode);
    scene.add();
    scene.kernel.script.at({ name: 'interrupt' }, () => scene.board.order(ORDER_CANCEL));
    const raw = scene.run({ holdMicroseconds: 100_000 });
    expect(raw.failure?.reason).toBe('Cancelled');
    expectNothingLeft(scene, raw);
  });

  test('ends a hold early and without failure when it is cancelled then', () => {
    const scene = makeScene(mode);
    scene.add();
    scene.host.later(30_000, () => scene.board.order(ORDER_CANCEL));
    const raw = scene.run({ holdMicroseconds: 1_000_000 });
    expect(raw.failure).toBeUndefined();
    expect(raw.timings.holdMicroseconds).toBeLessThan(100_000);
    expectNothingLeft(scene, raw);
  });

  test('seizes what joins during a hold, and counts it', () => {
    const scene = makeScene(mode);
    scene.add();
    let late = 0;
    scene.host.later(60_000, () => {
      late = scene.add({ comm: 'late' });
    });
    const raw = scene.run({ holdMicroseconds: 200_000 });
    const made = scene.report(raw);
    expect(raw.failure).toBeUndefined();
    expect(made.joined).toBe(1);
    expect(made.tree.map((row) => row.comm)).toContain('late');
    expect(count(scene, 'detach')).toBe(2);
    expect(scene.host.exists(late)).toBe(true);
    expectNothingLeft(scene, raw);
  });

  test('reaps a tracee that is killed during a hold within 50 ms', () => {
    const scene = makeScene(mode);
    scene.add();
    const victim = scene.add();
    let killedAt = Infinity;
    scene.host.later(60_000, () => {
      killedAt = scene.host.now();
      scene.host.kill(victim);
    });
    const raw = scene.run({ holdMicroseconds: 500_000 });
    const reap = scene.kernel.script.log.find(
      (call) => call.name === 'reap' && call.args[0] === victim && call.result === 1,
    );
    expect(raw.failure).toBeUndefined();
    expect((reap?.at ?? Infinity) - killedAt).toBeLessThanOrEqual(50_000);
    expect(scene.host.exists(victim)).toBe(false);
    expectNothingLeft(scene, raw);
  });

  test('does not capture a stranger whose pid was reused between the list and SEIZE', () => {
    const scene = makeScene(mode);
    scene.add();
    const victim = scene.add({ comm: 'victim' });
    scene.kernel.script.at(
      (call) => call.name === 'seize' && call.args[0] === victim,
      () => {
        // A task dies in a frozen v1 cgroup only when it is moved out of it.
        if (mode === 'v1') scene.host.move(victim, 'v1', '/');
        scene.host.kill(victim);
        scene.host.addProcess({ tid: victim, comm: 'stranger' });
      },
    );
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(scene.report(raw).tree.map((row) => row.comm)).not.toContain('stranger');
    expect(scene.host.runs(victim)).toBe(true);
    expectNothingLeft(scene, raw);
  });
});

describe.each(FREEZERS)('capture() with the %s freezer', (version) => {
  test('fails with FreezeTimeout when the cgroup never freezes, and names the tasks', () => {
    const scene = makeScene(version);
    const pid = scene.add({ activity: 'running' });
    scene.host.addCgroup(version, POD, { neverFreezes: true });
    const raw = scene.run({ timeoutMicroseconds: 250_000 });
    expect(raw.failure?.reason).toBe('FreezeTimeout');
    expect(raw.unfrozen.map((task) => task.tid)).toEqual([pid]);
    expect(count(scene, 'seize')).toBe(0);
    expect(isOpenAtLast(scene, version)).toBe(true);
    expectNothingLeft(scene, raw);
  });

  test('fails with AncestorFrozen, and writes and traces nothing', () => {
    const scene = makeScene(version);
    scene.add();
    scene.host.freeze(version, '/kubepods');
    scene.host.advance(10_000);
    const raw = scene.run();
    expect(raw.failure?.reason).toBe('AncestorFrozen');
    expect(raw.failure?.message).toContain('/kubepods is frozen');
    expect([freezerWrites(scene), count(scene, 'seize')]).toEqual([[], 0]);
    expectNothingLeft(scene, raw);
  });
});

test('capture() goes on by interrupts past a kernel thread in a v2 cgroup, and reports it', () => {
  const scene = makeScene('v2');
  const pid = scene.add();
  const kthread = scene.add({ kthread: true, comm: 'kworker' });
  const raw = scene.run();
  expect(raw.failure).toBeUndefined();
  expect(raw.targets).toMatchObject([{ freezer: 'none' }]);
  expect(raw.unfrozen).toMatchObject([{ tid: kthread, comm: 'kworker', cause: 'KernelThread' }]);
  expect(scene.report(raw).tree.map((row) => row.pid)).toContain(pid);
  // Known from the first look: a freezer that cannot close is not tried.
  expect(freezerWrites(scene)).toEqual([]);
  expectNothingLeft(scene, raw);
});

describe('capture() with a v1 cgroup stuck in FREEZING', () => {
  test('cures a vfork parent by writing FROZEN again', () => {
    const scene = makeScene('v1');
    scene.add({ sticking: { rewrites: 1 } });
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(freezerWrites(scene)).toEqual(['FROZEN', 'FROZEN', 'THAWED']);
    expect(raw.targets).toMatchObject([{ freezer: 'v1' }]);
    expectNothingLeft(scene, raw);
  });

  test('cures an execve by opening the freezer for a moment', () => {
    const scene = makeScene('v1');
    scene.add({ sticking: { refreezes: 1 } });
    const raw = scene.run();
    const writes = freezerWrites(scene);
    expect(raw.failure).toBeUndefined();
    expect(writes.slice(-3)).toEqual(['THAWED', 'FROZEN', 'THAWED']);
    expect(writes.filter((word) => word === 'THAWED')).toHaveLength(2);
    expect(raw.targets).toMatchObject([{ freezer: 'v1' }]);
    expectNothingLeft(scene, raw);
  });
});

test('capture() goes on by interrupts when the main thread opened the freezer under a SEIZE that blocked', () => {
  const scene = makeScene('v1');
  scene.add();
  const stopped = scene.add({ stopSignal: 19 });
  reopenWhenBlocked(scene);
  const raw = scene.run();
  expect(raw.failure).toBeUndefined();
  expect(raw.targets).toMatchObject([{ freezer: 'none' }]);
  expect(scene.report(raw).tree.find((row) => row.pid === stopped)).toMatchObject({
    state: 'Stopped',
    stopSignal: 'SIGSTOP',
  });
  expect(scene.host.task(stopped).stopSignal).toBe(19);
  expectNothingLeft(scene, raw);
});
