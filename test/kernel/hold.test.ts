/** Checks holds: a hold can be ended, is bounded, seizes newcomers, and lets no parent wait for a dead tracee. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from '@jest/globals';

import { ascending, describeWays, useTracer } from './harness/capturing.js';
import { cleanupAll } from './harness/cleanup.js';
import { readCounters } from './harness/counters.js';
import { heldByCommand } from './harness/held.js';
import { scratchDirectory } from './harness/scratch.js';
import { startStasis, stasis } from './harness/stasis-command.js';
import { assertUntouched, descendantsOf, isAlive, stateOf, tracerPidOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

/** The fields of `struct counters` in test/programs/waiter.c, in the same order. */
const WAITER_COUNTERS = ['child', 'returned'] as const;
const LONG = 60_000;
/** The bound of a reap in this test, in milliseconds. The promise is 50 ms; the rest is for a busy machine. */
const REAPED_WITHIN_MS = 500;

const capturing = useTracer();
afterEach(cleanupAll);

interface Printed {
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
    readonly timings: { readonly pauseMicroseconds: number; readonly holdMicroseconds: number };
    readonly processes: number;
  };
}

function succeededOf(stdout: string): { status: string; reason: string } | undefined {
  return (JSON.parse(stdout) as Printed).status.conditions.find(({ type }) => type === 'Succeeded');
}

describeWays('a hold', (make, { freezer }) => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ends soon when the command gets %s, and the command succeeds',
    async (signal) => {
      const cgroup = make('ended');
      const { pid } = await startWorkload(cgroup, 'tree', [2, 2]);
      const members = [pid, ...descendantsOf(pid)];
      const args = ['--cgroup', cgroup.directory, '--freezer', freezer, '--hold', '30s', '-o', 'json'];
      const command = startStasis(['checkpoint', ...args]);
      await heldByCommand(members);
      const since = performance.now();
      process.kill(command.pid, signal);
      const ended = await command.ended;
      expect(performance.now() - since).toBeLessThan(1000);
      expect([ended.status, ended.stderr]).toEqual([0, '']);
      expect(succeededOf(ended.stdout)).toMatchObject({ status: 'True', reason: 'Captured' });
      expect((JSON.parse(ended.stdout) as Printed).status.processes).toBe(3);
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched(members);
    },
    LONG,
  );

  test('ends soon when the capture is cancelled', async () => {
    const cgroup = make('cancelled');
    const { pid } = await startWorkload(cgroup, 'sleeper');
    const controller = new AbortController();
    const held = await capturing.hold(cgroup, { freezer, hold: 10_000 }, controller.signal);
    const since = performance.now();
    controller.abort();
    const report = await held.report;
    expect(performance.now() - since).toBeLessThan(1000);
    expect(report).toMatchObject({ failure: undefined, threads: 1, joined: 0 });
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched([pid]);
  });

  test('holds every task for the requested time, and counts no task twice', async () => {
    const cgroup = make('kept');
    const { pid } = await startWorkload(cgroup, 'tree', [3, 3]);
    const members = [pid, ...descendantsOf(pid)];
    const held = await capturing.hold(cgroup, { freezer, hold: 1000 });
    const since = performance.now();
    while (performance.now() - since < 200) {
      expect(members.map(stateOf).join('')).toBe('tttt');
      await sleep(5);
    }
    expect(await held.report).toMatchObject({ failure: undefined, threads: 10, joined: 0, unfrozen: [] });
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched(members);
  });

  test('seizes processes that are moved in', async () => {
    const cgroup = make('joined');
    await startWorkload(cgroup, 'sleeper');
    const held = await capturing.hold(cgroup, { freezer, hold: 1000 });
    await startWorkload(undefined, 'joiner', [cgroup.directory, 3, 20_000, 5_000_000]);
    await eventually('three moved in', () => cgroup.processes().length === 4);
    const members = cgroup.processes();
    await eventually('the newcomers are held too', () => members.every((one) => stateOf(one) === 't'), 500);
    const report = await held.report;
    expect(report).toMatchObject({ failure: undefined, joined: 3, threads: 4 });
    expect(report.tree.map((row) => row.pid).sort(ascending)).toEqual([...members].sort(ascending));
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched(members);
  });

  test('reaps a process that is killed, so that its parent learns of the death', async () => {
    const cgroup = make('reaped');
    const outside = make('outside');
    const file = join(scratchDirectory(), 'counters');
    // The parent runs outside of the held cgroup, like the shim of a container runtime.
    const { pid } = await startWorkload(outside, 'waiter', [file]);
    const child = Number(readCounters(file, WAITER_COUNTERS).child);
    cgroup.add(child);
    const held = await capturing.hold(cgroup, { freezer, hold: 1000 });
    const killedAt = process.hrtime.bigint();
    process.kill(child, 'SIGKILL');
    await eventually('waitpid returned', () => readCounters(file, WAITER_COUNTERS).returned !== 0n, 500);
    const tookMs = Number(readCounters(file, WAITER_COUNTERS).returned - killedAt) / 1e6;
    expect(tookMs).toBeLessThan(REAPED_WITHIN_MS);
    const report = await held.report;
    expect(report).toMatchObject({ failure: undefined, threads: 1, tree: [{ pid: child }] });
    expect([isAlive(child), isAlive(pid)]).toEqual([false, true]);
    await assertUntouched([pid]);
  });

  test('leaves a killed process 1 of a pid namespace to its parent, although it waits for all others in the namespace', async () => {
    const cgroup = make('contained');
    const outside = make('outside');
    const { pid } = await startWorkload(outside, 'namespaces', []);
    const [first = 0, second = 0] = descendantsOf(pid);
    cgroup.add(first);
    cgroup.add(second);
    const held = await capturing.hold(cgroup, { freezer, hold: 1000 });
    process.kill(first, 'SIGKILL');
    // The process is dead and no tracee any more; its parent never asks for the exit status.
    await eventually('left to its parent', () => stateOf(first) === 'Z' && tracerPidOf(first) === 0, 500);
    expect((await held.report).failure).toBeUndefined();
    expect(isAlive(second)).toBe(false);
    await assertUntouched([pid]);
  });

  test('ends at the bound that the heartbeat sets, also when the main thread gets no time', async () => {
    const cgroup = make('bounded');
    const { pid } = await startWorkload(cgroup, 'tree', [1, 1]);
    const held = await capturing.hold(cgroup, { freezer, hold: LONG }, undefined, { mayHoldFor: () => 1000 });
    const since = performance.now();
    // The bound is put off as long as the main thread runs.
    await sleep(2000);
    expect(stateOf(pid)).toBe('t');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    expect(tracerPidOf(pid)).toBe(0);
    const report = await held.report;
    expect(report).toMatchObject({ failure: undefined, isCutOff: true });
    expect(report.timings.holdMicroseconds / 1000).toBeLessThan(performance.now() - since);
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched([pid, ...descendantsOf(pid)]);
  });

  test('is no part of the pause budget', async () => {
    const cgroup = make('budget');
    const { pid } = await startWorkload(cgroup, 'tree', [4, 4]);
    const members = [pid, ...descendantsOf(pid)];
    await capturing.report(cgroup, { freezer });
    const report = await capturing.report(cgroup, { freezer, hold: 1000, maxPause: 500 });
    expect(report).toMatchObject({ failure: undefined, overrunMicroseconds: 0 });
    expect(report.timings.holdMicroseconds).toBeGreaterThanOrEqual(1_000_000);
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched(members);
  });

  test('whose pod took too long to stop for its budget does not begin', async () => {
    const cgroup = make('late');
    const { pid } = await startWorkload(cgroup, 'tree', [4, 4]);
    const members = [pid, ...descendantsOf(pid)];
    const report = await capturing.report(cgroup, { freezer, hold: 2000, maxPause: 0.1 });
    expect(report.failure?.reason).toBe('PauseBudgetExceeded');
    expect(report.timings.pauseMicroseconds).toBeLessThan(1_000_000);
    expect(cgroup.freezeState()).toBe('THAWED');
    expect(members.map(tracerPidOf)).toEqual([0, 0, 0, 0, 0]);
    await assertUntouched(members);
  });

  test('and a capture without one tell by the wall clock from when until when the pod stood still', async () => {
    const cgroup = make('clock');
    const { pid } = await startWorkload(cgroup, 'sleeper');
    for (const hold of [0, 300]) {
      const before = Date.now();
      const report = await capturing.report(cgroup, { freezer, hold });
      const { from = 0, until = 0 } = report.standstill ?? {};
      // The wall clock of this test shows whole milliseconds, too.
      expect(from / 1000).toBeGreaterThan(before - 1);
      expect(until / 1000).toBeLessThan(Date.now() + 1);
      expect(until - from).toBeGreaterThanOrEqual(hold * 1000 - 1_000);
      expect(until - from).toBeLessThanOrEqual(report.timings.pauseMicroseconds + 1_000);
    }
    await assertUntouched([pid]);
  });

  test('whose freezing stage takes longer than its budget or its timeout is undone', async () => {
    const cgroup = make('short');
    const { pid } = await startWorkload(cgroup, 'tree', [10, 10]);
    const members = [pid, ...descendantsOf(pid)];
    const budget = await capturing.report(cgroup, { freezer, maxPause: 0.1 });
    expect(budget.failure?.reason).toBe('PauseBudgetExceeded');
    const timeout = await capturing.report(cgroup, { freezer, timeout: 0.1 });
    expect(timeout.failure?.reason).toBe('FreezeTimeout');
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched(members);
  });

  test(
    'that exceeds the budget of the command gives exit status 1 and one line',
    async () => {
      const cgroup = make('budgeted');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const ended = await stasis(
        'checkpoint',
        '--cgroup',
        cgroup.directory,
        '--freezer',
        freezer,
        '--max-pause',
        '1us',
      );
      expect(ended.status).toBe(1);
      expect(ended.stderr).toMatch(/^stasis: PauseBudgetExceeded: [^\n]+\n$/);
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([pid]);
    },
    LONG,
  );
});
