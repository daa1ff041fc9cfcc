/** Checks by /proc that each program of test/programs does what its first comment says. */
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from '@jest/globals';

import { cleanupAll } from './harness/cleanup.js';
import { readCounters, SIGNAL_COUNTERS, STOPPED_COUNTERS } from './harness/counters.js';
import { programPath } from './harness/programs.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import {
  assertUntouched,
  childrenOf,
  commOf,
  isAlive,
  namespaceOf,
  stateOf,
  statusField,
  threadsOf,
  tracerPidOf,
  waitChannelOf,
} from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload, type Workload } from './harness/workload.js';

const SIGSTOP = 19;
const SIGTSTP = 20;
const SIGTTIN = 21;

afterEach(cleanupAll);

/** Returns the pid in the line `NAME PID` of the output of a program. */
function announced(workload: Workload, name: string): number {
  return Number(new RegExp(`^${name} ([0-9]+)$`, 'm').exec(workload.output())?.[1]);
}

/** Starts a command that is expected to hang. It is no child of this process, so that nothing here waits for it. */
function inBackground(...command: string[]): number {
  const script = '"$@" > /dev/null 2>&1 < /dev/null & echo $!';
  return Number(spawnSync('sh', ['-c', script, 'sh', ...command], { encoding: 'utf8' }).stdout);
}

describeOn(anyVersion(), 'the programs', (make) => {
  test('zombies keeps N children unreaped, and lives', async () => {
    const workload = await startWorkload(make('zombies'), 'zombies', [4]);
    expect(childrenOf(workload.pid).map(stateOf)).toEqual(['Z', 'Z', 'Z', 'Z']);
    expect(isAlive(workload.pid)).toBe(true);
  });

  test('dead-leader is a zombie with three living threads', async () => {
    const { pid } = await startWorkload(make('leader'), 'dead-leader');
    expect(stateOf(pid)).toBe('Z');
    expect(threadsOf(pid).map(stateOf).join('')).toMatch(/^ZSSS$/);
    expect(isAlive(pid)).toBe(true);
  });

  test.each([SIGSTOP, SIGTSTP, SIGTTIN])('stopped is in a job-control stop by signal %i', async (signal) => {
    const file = join(scratchDirectory(), 'counters');
    await startWorkload(make('stopped'), 'stopped', [file, signal, 3]);
    const first = readCounters(file, STOPPED_COUNTERS);
    const child = Number(first.child);
    expect(first).toMatchObject({ stopped: 1n, continued: 0n, ended: 0n, lastSignal: BigInt(signal), resumed: 0n });
    expect(threadsOf(child).map(stateOf)).toEqual(['T', 'T', 'T']);
    process.kill(child, 'SIGCONT');
    await eventually('counted', () => readCounters(file, STOPPED_COUNTERS).continued === 1n);
    await eventually('resumed', () => readCounters(file, STOPPED_COUNTERS).resumed === 1n);
    expect(readCounters(file, STOPPED_COUNTERS).stopped).toBe(1n);
  });

  test('stopped leaves no stopped child behind when the parent is killed', async () => {
    const file = join(scratchDirectory(), 'counters');
    const workload = await startWorkload(make('orphan'), 'stopped', [file]);
    const child = Number(readCounters(file, STOPPED_COUNTERS).child);
    process.kill(workload.pid, 'SIGKILL');
    await eventually('the child is gone', () => !isAlive(child));
    expect(isAlive(child)).toBe(false);
  });

  test('vfork-parent waits in vfork until its child gets SIGUSR1', async () => {
    const workload = await startWorkload(make('vfork'), 'vfork-parent', [0]);
    const child = announced(workload, 'child');
    expect(childrenOf(workload.pid)).toEqual([child]);
    expect(stateOf(workload.pid)).toBe('D');
    process.kill(child, 'SIGUSR1');
    await eventually('returned', () => workload.output().includes('returned'));
    expect(isAlive(child)).toBe(false);
  });

  test('vfork-parent returns by itself after its milliseconds', async () => {
    const workload = await startWorkload(make('vfork'), 'vfork-parent', [30]);
    await eventually('returned', () => workload.output().includes('returned'));
    expect(isAlive(announced(workload, 'child'))).toBe(false);
  });

  test.each([
    ['strict', '1'],
    ['filter', '2'],
  ])('seccomp %s runs under that mode, and survives a freeze', async (mode, value) => {
    const cgroup = make('seccomp');
    const { pid } = await startWorkload(cgroup, 'seccomp', [mode]);
    expect(statusField(pid, 'Seccomp')).toBe(value);
    cgroup.freeze();
    await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
    cgroup.thaw();
    await assertUntouched([pid]);
    // It is R for a moment, until it has gone back to sleep.
    await eventually('asleep again', () => stateOf(pid) === 'S');
  });

  test('namespaces has a child and a grandchild in new namespaces', async () => {
    const { pid } = await startWorkload(make('namespaces'), 'namespaces');
    const [child = 0] = childrenOf(pid);
    const [grandchild = 0] = childrenOf(child);
    for (const name of ['user', 'pid', 'mnt', 'uts']) {
      expect(namespaceOf(child, name)).not.toBe(namespaceOf(pid, name));
      expect(namespaceOf(grandchild, name)).toBe(namespaceOf(child, name));
    }
    expect(statusField(child, 'NSpid')).toBe(`${child}\t1`);
    expect(statusField(grandchild, 'NSpid')).toBe(`${grandchild}\t2`);
  });

  test('signal-counter receives all that signal-sender sends, once and in order', async () => {
    const file = join(scratchDirectory(), 'signals');
    const workload = await startWorkload(make('signals'), 'signal-counter', [file, 500]);
    const sender = await startWorkload(undefined, 'signal-sender', [workload.pid, 500, 100]);
    await eventually('sent', () => sender.output().includes('sent'));
    await eventually('received', () => readCounters(file, SIGNAL_COUNTERS).received === 500n);
    const counters = readCounters(file, SIGNAL_COUNTERS);
    expect(counters).toMatchObject({ lastPayload: 500n, outOfOrder: 0n, duplicates: 0n, strangers: 0n });
  });

  test('tracer with stop holds its tracee until the tracer ends', async () => {
    const { pid } = await startWorkload(make('tracer'), 'sleeper');
    const tracer = await startWorkload(undefined, 'tracer', [pid, 'stop']);
    expect([stateOf(pid), tracerPidOf(pid)]).toEqual(['t', tracer.pid]);
    tracer.stop();
    await assertUntouched([pid]);
    // It is R for a moment, until it has gone back to sleep.
    await eventually('asleep again', () => stateOf(pid) === 'S');
  });

  test('tracer passes signals on to its tracee', async () => {
    const { pid } = await startWorkload(make('tracer'), 'sleeper');
    const tracer = await startWorkload(undefined, 'tracer', [pid]);
    expect(tracerPidOf(pid)).toBe(tracer.pid);
    process.kill(pid, 'SIGTERM');
    await eventually('the tracee ended', () => !isAlive(pid));
  });

  test('joiner moves short-lived processes into the cgroup', async () => {
    const cgroup = make('joiner');
    const joiner = await startWorkload(undefined, 'joiner', [cgroup.directory, 5, 2000, 50_000]);
    await eventually('five inside', () => cgroup.processes().length === 5);
    await eventually('joined', () => joiner.output().includes('joined'));
    expect(cgroup.processes()).toEqual([]);
  });

  test.each(['fork-storm', 'clone-storm', 'exec-storm', 'vfork-storm'])(
    '%s changes its tasks all the time, and has 10 to 80 of them',
    async (storm) => {
      const cgroup = make('storm');
      await startWorkload(cgroup, storm);
      const seen = new Set<number>();
      for (let look = 0; look < 20; look++) {
        const tasks = cgroup.threads();
        expect(tasks.length).toBeGreaterThan(10);
        expect(tasks.length).toBeLessThan(80);
        for (const tid of tasks) seen.add(tid);
        await sleep(5);
      }
      expect(seen.size).toBeGreaterThan(150);
    },
  );

  test('vfork-storm has parents in vfork', async () => {
    const cgroup = make('storm');
    await startWorkload(cgroup, 'vfork-storm');
    await eventually('some in D', () => cgroup.threads().some((tid) => stateOf(tid) === 'D'));
    expect(cgroup.freezeState()).toBe('THAWED');
  });

  test('fuse-hang read makes its reader hang, which can be moved, until the server ends', async () => {
    const cgroup = make('fuse');
    const server = await startWorkload(undefined, 'fuse-hang', [scratchDirectory(), 'read']);
    const reader = announced(server, 'reader');
    cgroup.add(reader);
    expect(cgroup.processes()).toEqual([reader]);
    expect(waitChannelOf(reader)).toBe('request_wait_answer');
    server.stop();
    expect([isAlive(reader), isAlive(server.pid)]).toEqual([false, false]);
  });

  test('fuse-hang read-later answers until SIGUSR1', async () => {
    const server = await startWorkload(undefined, 'fuse-hang', [scratchDirectory(), 'read-later']);
    process.kill(server.pid, 'SIGUSR1');
    await eventually('hanging', () => server.output().includes('hanging'));
    expect(waitChannelOf(announced(server, 'reader'))).toBe('request_wait_answer');
  });

  test('fuse-hang exec runs a program whose exe leads into the hung file system', async () => {
    const directory = scratchDirectory();
    const server = await startWorkload(undefined, 'fuse-hang', [directory, 'exec', programPath('sleeper')]);
    const reader = announced(server, 'reader');
    expect(commOf(reader)).toBe('f');
    expect(readlinkSync(`/proc/${reader}/exe`)).toBe(`${directory}/f`);
    const follower = inBackground('stat', '-L', `/proc/${reader}/exe`);
    await eventually('whoever follows the link hangs', () => waitChannelOf(follower) === 'request_wait_answer');
    server.stop();
    await eventually('freed', () => !isAlive(follower) && !isAlive(reader));
  });

  test('fuse-hang mmap-lock makes reading cmdline block', async () => {
    const server = await startWorkload(undefined, 'fuse-hang', [scratchDirectory(), 'mmap-lock']);
    const reader = announced(server, 'reader');
    expect(threadsOf(reader).map(stateOf)).toEqual(['D', 'S']);
    const follower = inBackground('cat', `/proc/${reader}/cmdline`);
    await sleep(100);
    expect(stateOf(follower)).toBe('D');
    server.stop();
    await eventually('freed', () => !isAlive(follower) && !isAlive(reader));
  });
});
