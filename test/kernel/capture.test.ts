/** Captures real processes: checks the counts, the reported times, and that nothing is left behind. */
import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import type { CaptureReport } from '../../src/node-agent/report/report.js';
import { ascending, describeWays, FREEZER_NAMES, undisturbed, useTracer } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { readHeartbeat, resetHeartbeat } from './harness/heartbeat.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { assertUntouched, childrenOf, descendantsOf, isAlive, threadsOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;
/** The time that a busy machine of two cores may add between the last detach and the next beat. The best of some tries counts. */
const NOISE_MICROSECONDS = 15_000;

const capturing = useTracer();
afterEach(cleanupAll);

function expectCaptured(report: CaptureReport): void {
  expect(report.failure).toBeUndefined();
  expect(report.thawUnproved).toEqual([]);
}

async function expectUntouched(cgroup: Cgroup, pids: readonly number[]): Promise<void> {
  expect(cgroup.freezeState()).toBe('THAWED');
  await assertUntouched(pids);
}

describeWays('capture()', (make, { freezer, named }) => {
  test(
    'counts the same processes, threads and nested cgroups 50 times',
    async () => {
      const cgroup = make('tree');
      const outer = await startWorkload(cgroup, 'tree', [3, 4]);
      const inner = await startWorkload(cgroup.child('nested'), 'tree', [2, 2]);
      const pids = [outer.pid, ...descendantsOf(outer.pid), inner.pid, ...descendantsOf(inner.pid)];
      for (let round = 0; round < 50; round++) {
        const report = await undisturbed(
          FREEZER_NAMES[named],
          async () => await capturing.report(cgroup, { freezer }),
          ({ containers }) => containers.map((container) => container.freezer),
        );
        expectCaptured(report);
        expect(report.tree.map((row) => row.pid).sort(ascending)).toEqual([...pids].sort(ascending));
        expect(report).toMatchObject({ threads: 1 + 3 * 4 + 1 + 2 * 2, joined: 0, unfrozen: [] });
        expect(report.containers).toMatchObject([
          { freezer: FREEZER_NAMES[named], wasFrozen: false, processes: 7, threads: 18 },
        ]);
        expect(report.tree.filter((row) => row.cgroup.endsWith('/nested'))).toHaveLength(3);
        for (const row of report.tree) {
          expect(row.state).toBe('Alive');
          expect(row.threads.map((thread) => thread.tid)).toEqual(threadsOf(row.pid));
          expect(row.exe).toBe(readlinkSync(`/proc/${row.pid}/exe`));
        }
        expect(cgroup.freezeState()).toBe('THAWED');
      }
      await expectUntouched(cgroup, pids);
    },
    LONG,
  );

  test.each([0, 20])(
    'reports the pause that the workload felt, with a hold of %i ms',
    async (hold) => {
      const cgroup = make('heartbeat');
      const file = join(scratchDirectory(), 'beats');
      const tree = await startWorkload(cgroup, 'tree', [5, 10]);
      const { pid } = await startWorkload(cgroup, 'heartbeat', [file]);
      for (let round = 0; round < 20; round++) await capturing.report(cgroup, { freezer });
      let least = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 10; round++) {
        await resetHeartbeat(file);
        const before = process.hrtime.bigint();
        const report = await capturing.report(cgroup, { freezer, hold });
        const after = process.hrtime.bigint();
        expectCaptured(report);
        await eventually('it beats again', () => readHeartbeat(file).lastBeat > after);
        const beat = readHeartbeat(file);
        const { pauseMicroseconds, freezingMicroseconds, collectMicroseconds, holdMicroseconds } = report.timings;
        // The heartbeat cannot have run during collect and hold. In the other phases it may have been stopped last or released first.
        expect(beat.longestGapMicroseconds).toBeGreaterThanOrEqual(collectMicroseconds + holdMicroseconds);
        expect(holdMicroseconds).toBeGreaterThanOrEqual(hold * 1000);
        expect(pauseMicroseconds).toBeGreaterThanOrEqual(freezingMicroseconds + holdMicroseconds);
        expect(Number(after - before) / 1000).toBeGreaterThan(pauseMicroseconds);
        // On a busy machine the longest gap may lie before the capture. Such a round proves nothing.
        if (beat.gapEnd <= before) continue;
        least = Math.min(least, beat.longestGapMicroseconds - pauseMicroseconds);
      }
      expect(least).toBeLessThan(NOISE_MICROSECONDS);
      await expectUntouched(cgroup, [pid, tree.pid, ...descendantsOf(tree.pid)]);
    },
    LONG,
  );

  test('counts zombies, which no cgroup lists', async () => {
    const cgroup = make('zombies');
    const { pid } = await startWorkload(cgroup, 'zombies', [4]);
    const report = await capturing.report(cgroup, { freezer });
    expectCaptured(report);
    const zombies = report.tree.filter((row) => row.state === 'Zombie');
    expect(zombies.map((row) => row.pid).sort(ascending)).toEqual(childrenOf(pid).sort(ascending));
    expect(zombies.map((row) => row.ppid)).toEqual([pid, pid, pid, pid]);
    expect(report).toMatchObject({ threads: 1, unfrozen: [] });
    for (const row of zombies) {
      expect(row.comm).toBe('zombies');
      expect(row.startTimeTicks).toBeGreaterThan(0);
      expect(row.threads).toEqual([]);
    }
    await expectUntouched(cgroup, [pid]);
  });

  test('reports a dead leader, and finds its program through a living thread', async () => {
    const cgroup = make('leader');
    const { pid } = await startWorkload(cgroup, 'dead-leader', [3]);
    const tids = threadsOf(pid).filter((tid) => tid !== pid);
    const report = await capturing.report(cgroup, { freezer });
    expectCaptured(report);
    expect(report.threads).toBe(3);
    expect(report.tree).toMatchObject([{ pid, state: 'Alive', leaderDead: true }]);
    expect(report.tree[0]?.threads.map(({ tid, state }) => [tid, state])).toEqual([
      [pid, 'Zombie'],
      ...tids.map((tid) => [tid, 'Alive']),
    ]);
    expect(report.tree[0]?.exe).toMatch(/\/dead-leader$/);
    await expectUntouched(cgroup, [pid]);
  });

  test.each([
    ['strict', 'Strict'],
    ['filter', 'Filter'],
  ])('leaves a process under seccomp %s alive', async (mode, expected) => {
    const cgroup = make('seccomp');
    const { pid } = await startWorkload(cgroup, 'seccomp', [mode]);
    for (let round = 0; round < 20; round++) {
      const report = await capturing.report(cgroup, { freezer });
      expectCaptured(report);
      expect(report.tree).toMatchObject([{ pid, seccomp: expected }]);
    }
    expect(isAlive(pid)).toBe(true);
    await expectUntouched(cgroup, [pid]);
  });

  test('reports the pids and the namespaces of processes in namespaces of their own', async () => {
    const cgroup = make('namespaces');
    const { pid } = await startWorkload(cgroup, 'namespaces');
    const [child = 0] = childrenOf(pid);
    const [grandchild = 0] = childrenOf(child);
    const report = await capturing.report(cgroup, { freezer });
    expectCaptured(report);
    const rows = new Map(report.tree.map((row) => [row.pid, row]));
    expect(rows.get(pid)?.nsPids.at(-1)).toBeDefined();
    expect(rows.get(child)?.nsPids.slice(-2)).toEqual([child, 1]);
    expect(rows.get(grandchild)?.nsPids.slice(-2)).toEqual([grandchild, 2]);
    for (const row of report.tree) {
      for (const name of ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']) {
        expect(`${name}:[${row.namespaces[name]}]`).toBe(readlinkSync(`/proc/${row.pid}/ns/${name}`));
      }
    }
    expect(rows.get(child)?.namespaces['pid']).not.toBe(rows.get(pid)?.namespaces['pid']);
    await expectUntouched(cgroup, [pid, child, grandchild]);
  });
});

describeOn('v2', 'capture()', (make) => {
  test.each(['auto', 'none'] as const)(
    'captures threaded cgroups, which list no processes, with freezer %s',
    async (freezer) => {
      const cgroup = make('threaded');
      const { pid } = await startWorkload(cgroup, 'tree', [1, 4]);
      const [child = 0] = childrenOf(pid);
      const threaded = cgroup.child('inner');
      writeFileSync(join(threaded.directory, 'cgroup.type'), 'threaded');
      const moved = threadsOf(child).slice(-2);
      for (const tid of moved) writeFileSync(join(threaded.directory, 'cgroup.threads'), String(tid));

      const whole = await capturing.report(cgroup, { freezer });
      expectCaptured(whole);
      expect(whole).toMatchObject({ threads: 5, unfrozen: [] });
      expect(whole.tree.map((row) => [row.pid, row.threads.length])).toEqual([
        [pid, 1],
        [child, 4],
      ]);
      expect(whole.containers).toMatchObject([{ processes: 2, threads: 5 }]);

      const part = await capturing.report(threaded, { freezer });
      expectCaptured(part);
      expect(part.threads).toBe(moved.length);
      expect(part.tree.map((row) => row.pid)).toEqual([child]);
      expect(threaded.freezeState()).toBe('THAWED');
      await expectUntouched(cgroup, [pid, child]);
    },
  );
});
