/** Checks that processes in a job-control stop are captured as they are, and stay stopped. */
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { describeWays, useTracer } from './harness/capturing.js';
import { cleanupAll } from './harness/cleanup.js';
import { readCounters, STOPPED_COUNTERS } from './harness/counters.js';
import { scratchDirectory } from './harness/scratch.js';
import { assertUntouched, stateOf, threadsOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const ROUNDS = 20;
const LONG = 60_000;
/** How long a capture may take, in milliseconds. On v1 the SEIZE blocks until the main thread has seen no progress for 5 ms and opens the freezer. */
const CAPTURE_BOUND_MS = 1000;

const capturing = useTracer();
afterEach(cleanupAll);

describeWays('capture() of a stopped process', (make, { freezer, version }) => {
  test.each([
    ['SIGSTOP', 19],
    ['SIGTSTP', 20],
    ['SIGTTIN', 21],
  ])(
    'reports the process Stopped by %s, leaves it stopped, and causes no second report to its parent',
    async (name, signal) => {
      const cgroup = make('stopped');
      const file = join(scratchDirectory(), 'counters');
      const { pid } = await startWorkload(cgroup, 'stopped', [file, signal, 3]);
      const child = Number(readCounters(file, STOPPED_COUNTERS).child);
      for (let round = 0; round < ROUNDS; round++) {
        const since = performance.now();
        const report = await capturing.report(cgroup, { freezer });
        expect(performance.now() - since).toBeLessThan(CAPTURE_BOUND_MS);
        expect(report).toMatchObject({ failure: undefined, unfrozen: [], thawUnproved: [], threads: 4 });
        const row = report.tree.find((one) => one.pid === child);
        expect(row).toMatchObject({ state: 'Stopped', stopSignal: name });
        expect(row?.threads.map((thread) => thread.state)).toEqual(['Stopped', 'Stopped', 'Stopped']);
        expect(report.tree.find((one) => one.pid === pid)?.state).toBe('Alive');
        expect(cgroup.freezeState()).toBe('THAWED');
        // On v1 the task shows state R for a moment after the thaw.
        await eventually('all stopped', () => threadsOf(child).every((tid) => stateOf(tid) === 'T'));
      }
      await assertUntouched([pid, child]);
      expect(readCounters(file, STOPPED_COUNTERS)).toMatchObject({
        stopped: 1n,
        continued: 0n,
        ended: 0n,
        resumed: 0n,
      });
      process.kill(child, 'SIGCONT');
      await eventually('it goes on', () => readCounters(file, STOPPED_COUNTERS).resumed === 1n);
      await eventually('the parent heard', () => readCounters(file, STOPPED_COUNTERS).continued === 1n);
      expect(readCounters(file, STOPPED_COUNTERS).stopped).toBe(1n);
    },
    LONG,
  );

  test('lets the process run afterwards when SIGCONT came during the hold', async () => {
    const cgroup = make('continued');
    const file = join(scratchDirectory(), 'counters');
    const { pid } = await startWorkload(cgroup, 'stopped', [file]);
    const child = Number(readCounters(file, STOPPED_COUNTERS).child);
    const held = await capturing.hold(cgroup, { freezer, hold: 500 });
    process.kill(child, 'SIGCONT');
    const report = await held.report;
    expect(report.failure).toBeUndefined();
    await eventually('it goes on', () => readCounters(file, STOPPED_COUNTERS).resumed === 1n);
    await eventually('asleep', () => stateOf(child) === 'S');
    expect(readCounters(file, STOPPED_COUNTERS).resumed).toBe(1n);
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched([pid, child]);
  });

  test('leaves a running process stopped afterwards when SIGSTOP came during the hold', async () => {
    const cgroup = make('halted');
    const { pid } = await startWorkload(cgroup, 'tree', [1, 3]);
    const [child = 0] = cgroup.processes().filter((one) => one !== pid);
    const held = await capturing.hold(cgroup, { freezer, hold: 500 });
    process.kill(child, 'SIGSTOP');
    expect((await held.report).failure).toBeUndefined();
    await eventually('stopped', () => threadsOf(child).every((tid) => stateOf(tid) === 'T'));
    process.kill(child, 'SIGCONT');
    await eventually('running', () => threadsOf(child).every((tid) => stateOf(tid) === 'S'));
    expect([cgroup.version, cgroup.freezeState()]).toEqual([version, 'THAWED']);
    await assertUntouched([pid, child]);
  });
});
