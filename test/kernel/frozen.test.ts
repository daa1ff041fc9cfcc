/** Checks that a cgroup that somebody else has frozen is never thawed, and that a frozen ancestor is not touched. */
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { ascending, describeWays, FREEZER_NAMES, useTracer } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { readCounters, STOPPED_COUNTERS } from './harness/counters.js';
import { readHeartbeat } from './harness/heartbeat.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { assertUntouched, descendantsOf, tracerPidOf, threadsOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;
const ROUNDS = 20;

const capturing = useTracer();
afterEach(cleanupAll);

async function frozenHeartbeat(cgroup: Cgroup): Promise<{ pid: number; beats: () => bigint }> {
  const file = join(scratchDirectory(), 'beats');
  const { pid } = await startWorkload(cgroup, 'heartbeat', [file]);
  cgroup.freeze();
  await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
  return { pid, beats: () => readHeartbeat(file).beats };
}

/** Opens the freezer and expects the heartbeat to run again: it was neither killed nor held. */
async function expectAliveOnceThawed(cgroup: Cgroup, pid: number, beats: () => bigint): Promise<void> {
  const before = beats();
  cgroup.thaw();
  await eventually('it beats again', () => beats() > before);
  await assertUntouched([pid]);
}

describeOn('v1', 'capture() of a cgroup found FROZEN', (make) => foundFrozen('v1', make));
describeOn('v2', 'capture() of a cgroup found FROZEN', (make) => foundFrozen('v2', make));

function foundFrozen(version: 'v1' | 'v2', make: (name: string) => Cgroup): void {
  test.each([0, 100])(
    'reads the cgroup and lets nothing in it run, with a hold of %i ms',
    async (hold) => {
      const cgroup = make('frozen');
      const tree = await startWorkload(cgroup, 'tree', [2, 3]);
      const { pid, beats } = await frozenHeartbeat(cgroup);
      const before = beats();
      for (let round = 0; round < (hold > 0 ? 2 : ROUNDS); round++) {
        const report = await capturing.report(cgroup, { hold });
        expect(report).toMatchObject({ failure: undefined, unfrozen: [], thawUnproved: [], threads: 8 });
        expect(report.containers).toMatchObject([
          { freezer: FREEZER_NAMES[version], wasFrozen: true, processes: 4, threads: 8 },
        ]);
        expect(cgroup.freezeState()).toBe('FROZEN');
        expect(tracerPidOf(pid)).toBe(0);
      }
      expect(beats()).toBe(before);
      for (const one of [tree.pid, ...descendantsOf(tree.pid)].flatMap(threadsOf)) expect(tracerPidOf(one)).toBe(0);
      await expectAliveOnceThawed(cgroup, pid, beats);
    },
    LONG,
  );

  test('reports a stopped process in the cgroup, and leaves the process stopped', async () => {
    const cgroup = make('frozen-stopped');
    const file = join(scratchDirectory(), 'counters');
    await startWorkload(cgroup, 'stopped', [file, 19, 2]);
    const child = Number(readCounters(file, STOPPED_COUNTERS).child);
    const { pid, beats } = await frozenHeartbeat(cgroup);
    const report = await capturing.report(cgroup);
    expect(report.failure).toBeUndefined();
    expect(report.tree.find((row) => row.pid === child)?.state).toBe('Stopped');
    expect(cgroup.freezeState()).toBe('FROZEN');
    await expectAliveOnceThawed(cgroup, pid, beats);
    expect(readCounters(file, STOPPED_COUNTERS)).toMatchObject({ stopped: 1n, continued: 0n, resumed: 0n });
  });
}

describeWays('capture()', (make, { freezer }) => {
  test(
    'leaves a frozen cgroup below the target frozen',
    async () => {
      const cgroup = make('outer');
      const outside = await startWorkload(cgroup, 'sleeper');
      const child = cgroup.child('inner');
      const { pid, beats } = await frozenHeartbeat(child);
      const before = beats();
      for (let round = 0; round < 5; round++) {
        const since = performance.now();
        const report = await capturing.report(cgroup, { freezer });
        expect(performance.now() - since).toBeLessThan(1000);
        expect(report.failure).toBeUndefined();
        expect(report.tree.map((row) => row.pid).sort(ascending)).toEqual([outside.pid, pid].sort(ascending));
        expect([cgroup.freezeState(), child.freezeState()]).toEqual(['THAWED', 'FROZEN']);
        expect(tracerPidOf(pid)).toBe(0);
      }
      expect(beats()).toBe(before);
      await assertUntouched([outside.pid]);
      await expectAliveOnceThawed(child, pid, beats);
    },
    LONG,
  );

  test('fails with AncestorFrozen at once, and changes nothing', async () => {
    const cgroup = make('outer');
    const child = cgroup.child('inner');
    const file = join(scratchDirectory(), 'beats');
    const { pid } = await startWorkload(child, 'heartbeat', [file]);
    // This capture warms the thread up before the time is measured.
    expect((await capturing.report(child, { freezer })).failure).toBeUndefined();
    cgroup.freeze();
    await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
    const before = readHeartbeat(file).beats;
    const since = performance.now();
    const report = await capturing.report(child, { freezer });
    expect(performance.now() - since).toBeLessThan(1000);
    expect(report.failure?.reason).toBe('AncestorFrozen');
    expect(report.failure?.message).toContain(cgroup.directory);
    expect(report.timings.pauseMicroseconds).toBe(0);
    expect([cgroup.freezeState(), tracerPidOf(pid)]).toEqual(['FROZEN', 0]);
    expect(readHeartbeat(file).beats).toBe(before);
    await expectAliveOnceThawed(cgroup, pid, () => readHeartbeat(file).beats);
    expect(child.freezeState()).toBe('THAWED');
  });

  test('leaves a cgroup FROZEN that was found FROZEN, and says so, with any freezer', async () => {
    const cgroup = make('found');
    const { pid, beats } = await frozenHeartbeat(cgroup);
    const before = beats();
    const since = performance.now();
    const report = await capturing.report(cgroup, { freezer });
    expect(performance.now() - since).toBeLessThan(1000);
    expect(cgroup.freezeState()).toBe('FROZEN');
    expect([tracerPidOf(pid), beats()]).toEqual([0, before]);
    expect(report).toMatchObject({ failure: undefined, threads: 1, containers: [{ wasFrozen: true }] });
    await expectAliveOnceThawed(cgroup, pid, beats);
  });
});
