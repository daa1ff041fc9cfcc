import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ECHILD, EPERM, ESRCH } from '../../src/native/errno.js';
import { Tracing } from './tracing.js';
import { comesTrue, SIGKILL, SIGWINCH, stateLetter, statusField } from './world.js';
import type { MakeWorld, World } from './world.js';

/** The contract for the life of a tracee, from SEIZE to DETACH or death. */
export function ptraceContract(makeWorld: MakeWorld): void {
  let world: World;
  let tracing: Tracing;

  beforeEach(async () => {
    world = await makeWorld();
    tracing = new Tracing(world.kernel);
  });
  afterEach(async () => {
    tracing.letAllGo();
    await world.dispose();
  });

  test('seize() of a dead task is -ESRCH', async () => {
    expect(tracing.seize(await world.deadTid())).toBe(-ESRCH);
  });

  test('seize() of a thread of the calling process is -EPERM', () => {
    expect(tracing.seize(world.kernel.pid)).toBe(-EPERM);
  });

  test('seize() does not stop the task, and TracerPid is the calling thread', async () => {
    const { pid } = await world.startIdle(1);
    expect(tracing.seize(pid)).toBe(0);
    world.kernel.sleep(5000);
    expect(tracing.look(pid)).toEqual({ kind: 'none' });
    expect(stateLetter(world.kernel, pid)).toBe('S');
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe(String(world.kernel.tid));
  });

  test('seize() of a task that the caller already traces is -EPERM', async () => {
    const { pid } = await world.startIdle(1);
    expect(tracing.seize(pid)).toBe(0);
    expect(tracing.seize(pid)).toBe(-EPERM);
  });

  test('interrupt() leads to a stop that every peek() reports', async () => {
    const { pid } = await world.startIdle(1);
    expect(tracing.stop(pid)).toEqual({ kind: 'interrupted' });
    expect(tracing.look(pid)).toEqual({ kind: 'interrupted' });
    expect(tracing.look(pid)).toEqual({ kind: 'interrupted' });
    expect(stateLetter(world.kernel, pid)).toBe('t');
  });

  test('interrupt() of one thread leaves its siblings alone', async () => {
    const { tids } = await world.startIdle(3);
    const [leader = 0, second = 0, third = 0] = tids;
    expect([leader, second, third].map((tid) => tracing.seize(tid))).toEqual([0, 0, 0]);
    expect(world.kernel.ptrace.interrupt(second)).toBe(0);
    expect(tracing.report(second)).toEqual({ kind: 'interrupted' });
    expect(tracing.look(leader)).toEqual({ kind: 'none' });
    expect(tracing.look(third)).toEqual({ kind: 'none' });
  });

  test('interrupt() of a stopped tracee succeeds and changes nothing', async () => {
    const { pid } = await world.startIdle(1);
    tracing.stop(pid);
    expect(world.kernel.ptrace.interrupt(pid)).toBe(0);
    expect(tracing.look(pid)).toEqual({ kind: 'interrupted' });
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'S')).toBe(true);
  });

  test('detach() of a stopped tracee lets it run untraced', async () => {
    const { pid } = await world.startIdle(1);
    tracing.stop(pid);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe('0');
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'S')).toBe(true);
    expect(world.kernel.ptrace.peek(pid)).toBe(-ECHILD);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(-ESRCH);
  });

  test('detach() and eventMessage() of a tracee that is not stopped are -ESRCH', async () => {
    const { pid } = await world.startIdle(1);
    tracing.seize(pid);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(-ESRCH);
    expect(world.kernel.ptrace.eventMessage(pid)).toBe(-ESRCH);
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe(String(world.kernel.tid));
  });

  test('for a task that is no tracee, interrupt() and detach() are -ESRCH, and peek() and reap() -ECHILD', async () => {
    const { pid } = await world.startIdle(1);
    expect(world.kernel.ptrace.interrupt(pid)).toBe(-ESRCH);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(-ESRCH);
    expect(world.kernel.ptrace.peek(pid)).toBe(-ECHILD);
    expect(world.kernel.ptrace.reap(pid)).toBe(-ECHILD);
  });

  test('peek() reports the delivery of a signal, and detach() with that signal lets the task run', async () => {
    const { pid } = await world.startIdle(1);
    tracing.seize(pid);
    world.signal(pid, SIGWINCH);
    expect(tracing.report(pid)).toEqual({ kind: 'signalDelivery', signal: SIGWINCH });
    expect(tracing.look(pid)).toEqual({ kind: 'signalDelivery', signal: SIGWINCH });
    expect(world.kernel.ptrace.detach(pid, SIGWINCH)).toBe(0);
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'S')).toBe(true);
  });

  test('a signal that arrives during the stop does not change what peek() reports', async () => {
    const { pid } = await world.startIdle(1);
    tracing.stop(pid);
    world.signal(pid, SIGWINCH);
    world.kernel.sleep(5000);
    expect(tracing.look(pid)).toEqual({ kind: 'interrupted' });
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
  });

  test('reap() of a living tracee is 0', async () => {
    const { pid } = await world.startIdle(1);
    tracing.seize(pid);
    expect(world.kernel.ptrace.reap(pid)).toBe(0);
    expect(tracing.look(pid)).toEqual({ kind: 'none' });
  });

  test('a killed tracee stays until reap(): peek() reports killed by 9, reap() is 1, and then both are -ECHILD', async () => {
    const { pid } = await world.startIdle(1);
    tracing.stop(pid);
    world.signal(pid, SIGKILL);
    const killed = { kind: 'killed', signal: SIGKILL };
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'Z')).toBe(true);
    expect(tracing.report(pid)).toEqual(killed);
    expect(tracing.look(pid)).toEqual(killed);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(-ESRCH);
    expect(world.kernel.ptrace.interrupt(pid)).toBe(0);
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe(String(world.kernel.tid));
    expect(world.kernel.ptrace.reap(pid)).toBe(1);
    expect(world.kernel.ptrace.peek(pid)).toBe(-ECHILD);
    expect(world.kernel.ptrace.reap(pid)).toBe(-ECHILD);
    expect(world.kernel.ptrace.interrupt(pid)).toBe(-ESRCH);
  });

  test('a killed leader is reported only after its traced threads are reaped', async () => {
    const { pid, tids } = await world.startIdle(2);
    const thread = tids[1] ?? 0;
    tids.forEach((tid) => tracing.seize(tid));
    world.signal(pid, SIGKILL);
    expect(tracing.report(thread)).toEqual({ kind: 'killed', signal: SIGKILL });
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'Z')).toBe(true);
    expect(tracing.look(pid)).toEqual({ kind: 'none' });
    expect(world.kernel.ptrace.reap(pid)).toBe(0);
    expect(world.kernel.ptrace.reap(thread)).toBe(1);
    expect(tracing.report(pid)).toEqual({ kind: 'killed', signal: SIGKILL });
    expect(world.kernel.ptrace.reap(pid)).toBe(1);
  });

  test('reap() of a stopped tracee reaps nothing, and the stop stays', async () => {
    const { pid } = await world.startIdle(1);
    tracing.seize(pid);
    world.kernel.ptrace.interrupt(pid);
    expect(tracing.report(pid)).toEqual({ kind: 'interrupted' });
    expect(world.kernel.ptrace.reap(pid)).toBe(0);
    expect(tracing.look(pid)).toEqual({ kind: 'interrupted' });
  });
}
