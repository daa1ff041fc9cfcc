/** Tasks that cannot stop, or that make looking at them expensive: the others of the pod do not wait for them. */
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { describeWays, useTracer } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { readHeartbeat, resetHeartbeat } from './harness/heartbeat.js';
import { scratchDirectory } from './harness/scratch.js';
import { assertUntouched, childrenOf, isAlive, tracerPidOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 120_000;
/** Promised: 300 ms. A busy machine of two cores adds to that; what failed before took as long as the task was stuck. */
const HELD_BOUND_MICROSECONDS = 1_000_000;
const CORE_MEGABYTES = 600;
const MEMORY_MEGABYTES = 1_000;
/** The largest status file that Linux allows, times so many, takes 0.4 s to read. */
const MANY_GROUPS = 24;

const capturing = useTracer();
afterEach(cleanupAll);

interface Neighbour {
  readonly pid: number;
  /** The longest time that it stood still since it was started or asked last, in microseconds. */
  stoodStill(): Promise<number>;
}

async function startNeighbour(cgroup: Cgroup): Promise<Neighbour> {
  const file = join(scratchDirectory(), 'beats');
  const { pid } = await startWorkload(cgroup, 'heartbeat', [file]);
  return {
    pid,
    stoodStill: async () => {
      const since = process.hrtime.bigint();
      await eventually('it beats again', () => readHeartbeat(file).lastBeat > since);
      const gap = readHeartbeat(file).longestGapMicroseconds;
      await resetHeartbeat(file);
      return gap;
    },
  };
}

describeWays('capture()', (make, { freezer }) => {
  test(
    'goes on beside a process in a page fault that nobody answers, and names it with its stack',
    async () => {
      const cgroup = make('fault');
      const neighbour = await startNeighbour(cgroup);
      const { pid } = await startWorkload(cgroup, 'page-fault');
      await capturing.report(cgroup, { freezer });
      await neighbour.stoodStill();
      const report = await capturing.report(cgroup, { freezer });
      expect(report).toMatchObject({ failure: undefined, thawUnproved: [] });
      expect(report.unfrozen).toMatchObject([{ tid: pid, comm: 'page-fault' }]);
      expect(['InKernel', 'Uninterruptible']).toContain(report.unfrozen[0]?.cause);
      expect(report.tree.map((row) => row.pid)).toContain(neighbour.pid);
      expect(await neighbour.stoodStill()).toBeLessThan(HELD_BOUND_MICROSECONDS);
      expect(tracerPidOf(pid)).toBe(0);
      expect(cgroup.freezeState()).toBe('THAWED');
    },
    LONG,
  );

  test(
    'leaves a process alone that writes a core file: the file comes out whole, and nobody waits for it',
    async () => {
      const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
      if (!/^[\w.%-]+$/.test(pattern)) {
        process.stderr.write(`skipped: core files go to ${pattern} on this machine\n`);
        return;
      }
      let caught = 0;
      for (let attempt = 0; attempt < 8 && caught === 0; attempt++) {
        const folder = scratchDirectory();
        const { bavail, bsize } = statfsSync(folder);
        expect(bavail * bsize).toBeGreaterThan(2 * (CORE_MEGABYTES << 20));
        const cgroup = make('core');
        const neighbour = await startNeighbour(cgroup);
        const { pid } = await startWorkload(cgroup, 'core-dump', [CORE_MEGABYTES, folder]);
        await eventually('it dumps core', () => isDumping(pid) || !isAlive(pid));
        await neighbour.stoodStill();
        const report = await capturing.report(cgroup, { freezer });
        expect(report).toMatchObject({ failure: undefined, thawUnproved: [] });
        expect(await neighbour.stoodStill()).toBeLessThan(HELD_BOUND_MICROSECONDS);
        caught += report.unfrozen.filter(({ cause }) => cause === 'CoreDump').length;
        await eventually('the core file is written', () => !isAlive(pid), 60_000);
        for (const file of readdirSync(folder)) expect(missingBytes(join(folder, file))).toBe(0);
        cleanupAll();
      }
      expect(caught).toBeGreaterThan(0);
    },
    LONG,
  );

  test(
    'does not wait for a process that is killed and has much memory to give back',
    async () => {
      const cgroup = make('killed');
      const neighbour = await startNeighbour(cgroup);
      await capturing.report(cgroup, { freezer });
      const gaps: number[] = [];
      for (let round = 0; round < 5; round++) {
        const { pid } = await startWorkload(cgroup, 'memory', [MEMORY_MEGABYTES]);
        await neighbour.stoodStill();
        process.kill(pid, 'SIGKILL');
        const report = await capturing.report(cgroup, { freezer });
        expect(report).toMatchObject({ failure: undefined, thawUnproved: [] });
        gaps.push(await neighbour.stoodStill());
        await eventually('it is gone', () => !isAlive(pid), 20_000);
      }
      // It takes 0.2 s and more to give so much back; the median of five is compared, as the machine may be busy.
      expect(gaps.toSorted((a, b) => a - b)[2]).toBeLessThan(100_000);
    },
    LONG,
  );

  test(
    'keeps to its budget beside processes in 65,536 groups, and captures them whole without one',
    async () => {
      const cgroup = make('groups');
      const neighbour = await startNeighbour(cgroup);
      const { pid } = await startWorkload(cgroup, 'many-groups', [MANY_GROUPS]);
      const members = [neighbour.pid, pid, ...childrenOf(pid)].toSorted((a, b) => a - b);
      const report = await capturing.report(cgroup, { freezer, maxPause: 2_000 });
      expect(report.failure).toBeUndefined();
      expect(report.tree.map((row) => row.pid).toSorted((a, b) => a - b)).toEqual(members);
      // Under a freezer no such status is read in the pause; task by task, each is, and the budget ends that.
      const bound = freezer === 'auto' ? 200_000 : 2_000_000;
      expect(report.timings.pauseMicroseconds).toBeLessThan(bound);
      for (let round = 0; round < 3; round++) {
        const bounded = await capturing.report(cgroup, { freezer, maxPause: 50 });
        expect(['PauseBudgetExceeded', undefined]).toContain(bounded.failure?.reason);
      }
      await assertUntouched(members);
    },
    LONG,
  );

  test(
    'counts 5,000 zombies',
    async () => {
      const cgroup = make('zombies');
      const { pid } = await startWorkload(cgroup, 'zombies', [5_000]);
      for (const hold of [0, 300]) {
        const report = await capturing.report(cgroup, { freezer, hold });
        expect(report.failure).toBeUndefined();
        expect(report.tree.filter((row) => row.state === 'Zombie' && row.ppid === pid)).toHaveLength(5_000);
      }
    },
    LONG,
  );
});

function isDumping(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8').includes('CoreDumping:\t1');
  } catch {
    return false;
  }
}

/** How many of the bytes that the program headers of a core file promise are not in it (elf(5), 64 bits). */
function missingBytes(file: string): number {
  const bytes = readFileSync(file);
  const headers = Number(bytes.readBigUInt64LE(32));
  const [size, count] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  const ends = Array.from({ length: count }, (_, index) => {
    const at = headers + index * size;
    return Number(bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32));
  });
  return Math.max(0, Math.max(...ends) - bytes.length);
}
