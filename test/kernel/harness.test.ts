import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, describe, expect, test } from '@jest/globals';

import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { readHeartbeat, resetHeartbeat } from './harness/heartbeat.js';
import { type CgroupVersion, findHierarchy } from './harness/hierarchy.js';
import { programPath } from './harness/programs.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { assertUntouched, childrenOf, isAlive, statusField, threadsOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const VERSIONS: readonly CgroupVersion[] = ['v1', 'v2'];

afterEach(cleanupAll);

/** Returns the cgroups of this process that still exist. */
function leftovers(): string[] {
  return VERSIONS.flatMap((version) => {
    const hierarchy = findHierarchy(version);
    const names = hierarchy.ok ? readdirSync(hierarchy.directory) : [];
    return names.filter((name) => name.startsWith(`stasis-test-${process.pid}-`));
  });
}

function refuse(): never {
  throw new Error('cannot');
}

afterAll(() => {
  assert.deepEqual(leftovers(), []);
});

describe('cleanupAll()', () => {
  test('frees everything first, then undoes in reverse order, and names a failure without stopping at it', () => {
    const order: string[] = [];
    onCleanup({ what: 'first', undo: () => order.push('first'), free: () => order.push('free') });
    onCleanup({ what: 'second', undo: refuse });
    onCleanup({ what: 'third', undo: () => order.push('third') });
    expect(cleanupAll).toThrow('left behind: second: Error: cannot');
    expect(order).toEqual(['free', 'third', 'first']);
    expect(cleanupAll).not.toThrow();
  });
});

for (const version of VERSIONS) {
  describeOn(version, 'the harness', (make) => {
    test('startWorkload() starts the program in the cgroup, and never as a child of this process', async () => {
      const cgroup = make('start');
      const workload = await startWorkload(cgroup, 'sleeper');
      expect(cgroup.processes()).toEqual([workload.pid]);
      expect(statusField(workload.pid, 'Name')).toBe('sleeper');
      expect(statusField(workload.pid, 'PPid')).not.toBe(String(process.pid));
      expect(workload.output()).toBe('ready\n');
      workload.stop();
      expect(isAlive(workload.pid)).toBe(false);
    });

    test('startWorkload() throws the output of a program that ended before it was ready', async () => {
      await expect(startWorkload(make('early'), 'stopped')).rejects.toThrow('stopped ended before it was ready');
    });

    test('tree has P * T + 1 tasks', async () => {
      const cgroup = make('tree');
      await startWorkload(cgroup, 'tree', [5, 4]);
      expect(cgroup.threads()).toHaveLength(21);
      expect(cgroup.processes()).toHaveLength(6);
    });

    test('remove() thaws and kills everything in nested cgroups, and may be called twice', async () => {
      const cgroup = make('nested');
      const inner = cgroup.child('inner').child('innermost');
      const outer = await startWorkload(cgroup, 'tree', [3, 2]);
      const deep = await startWorkload(inner, 'tree', [3, 2]);
      const members = [...cgroup.processes(), ...inner.processes()];
      expect(members).toEqual(expect.arrayContaining([outer.pid, deep.pid]));
      inner.freeze();
      cgroup.freeze();
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN' && inner.freezeState() === 'FROZEN');
      cgroup.remove();
      expect(members.filter(isAlive)).toEqual([]);
      expect(existsSync(cgroup.directory)).toBe(false);
      cgroup.remove();
    });

    test('remove() outruns storms', async () => {
      const cgroup = make('storms');
      for (const storm of ['fork-storm', 'exec-storm', 'vfork-storm', 'clone-storm'])
        await startWorkload(cgroup, storm);
      await sleep(50);
      expect(cgroup.threads().length).toBeGreaterThan(60);
      cgroup.remove();
      expect(existsSync(cgroup.directory)).toBe(false);
    });

    test('add() moves a process with its threads', async () => {
      const cgroup = make('add');
      const workload = await startWorkload(undefined, 'tree', [1, 3]);
      const [child = 0] = childrenOf(workload.pid);
      cgroup.add(child);
      expect(new Set(cgroup.threads())).toEqual(new Set(threadsOf(child)));
      expect(cgroup.threads()).toHaveLength(3);
    });

    test('assertUntouched() rejects while a task is frozen, and not afterwards', async () => {
      const cgroup = make('frozen');
      const workload = await startWorkload(cgroup, 'tree', [2, 2]);
      const members = cgroup.processes();
      await assertUntouched(members);
      cgroup.freeze();
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      await expect(assertUntouched([workload.pid])).rejects.toThrow(`task ${workload.pid} is frozen`);
      cgroup.thaw();
      await assertUntouched(members);
      expect(cgroup.freezeState()).toBe('THAWED');
    });

    test('assertUntouched() rejects while a task is traced, and not afterwards', async () => {
      const workload = await startWorkload(make('traced'), 'sleeper');
      const tracer = await startWorkload(undefined, 'tracer', [workload.pid]);
      await expect(assertUntouched([workload.pid])).rejects.toThrow(`is traced by ${tracer.pid}`);
      tracer.stop();
      await assertUntouched([workload.pid]);
    });

    test('heartbeat measures from inside for how long each thread stood still', async () => {
      const cgroup = make('heartbeat');
      const file = join(scratchDirectory(), 'beats');
      await startWorkload(cgroup, 'heartbeat', [file, 3]);
      await sleep(20);
      for (const thread of [0, 1, 2]) await resetHeartbeat(file, thread);
      const before = process.hrtime.bigint();
      cgroup.freeze();
      await sleep(200);
      cgroup.thaw();
      const after = process.hrtime.bigint();
      await sleep(30);
      for (const thread of [0, 1, 2]) {
        const beat = readHeartbeat(file, thread);
        expect(cgroup.threads()).toContain(beat.tid);
        expect(beat.longestGapMicroseconds).toBeGreaterThan(150_000);
        // The gap begins with the last beat before the freeze and ends with the first after the thaw.
        expect(beat.gapStart).toBeLessThan(before + 100_000_000n);
        expect(beat.gapEnd).toBeGreaterThan(after - 100_000_000n);
        await resetHeartbeat(file, thread);
        expect(readHeartbeat(file, thread).longestGapMicroseconds).toBeLessThan(150_000);
      }
    });

    test('bare prints one line of JSON per round, and leaves everything as it was', async () => {
      const cgroup = make('bare');
      await startWorkload(cgroup, 'tree', [10, 10]);
      const run = spawnSync(programPath('bare'), [version, cgroup.directory, '3'], { encoding: 'utf8' });
      expect(run.stderr).toBe('');
      const rounds = run.stdout.trim().split('\n').map(parseRound);
      expect(rounds.map((round) => round['tasks'])).toEqual([101, 101, 101]);
      for (const round of rounds) {
        expect(round['pause']).toBeGreaterThan(round['untilStopped'] ?? Infinity);
        expect(round['untilStopped']).toBeGreaterThan(round['freeze'] ?? Infinity);
      }
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched(cgroup.processes());
    });

    test('bare does not touch a cgroup that is frozen already', async () => {
      const cgroup = make('bare-frozen');
      await startWorkload(cgroup, 'sleeper');
      cgroup.freeze();
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      expect(spawnSync(programPath('bare'), [version, cgroup.directory, '1']).status).toBe(2);
      expect(cgroup.freezeState()).toBe('FROZEN');
    });
  });
}

function parseRound(line: string): Record<string, number> {
  return JSON.parse(line) as Record<string, number>;
}
