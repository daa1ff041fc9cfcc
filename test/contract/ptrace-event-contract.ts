import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EPERM, ESRCH } from '../../src/native/errno.js';
import { TRACE_CLONE, TRACE_FORK, TRACE_VFORK } from '../../src/native/kernel.js';
import { PTRACE_EVENT_FORK, type WaitEvent } from '../../src/native/wait-status.js';
import { Tracing } from './tracing.js';
import { comesTrue, SIGCONT, SIGKILL, SIGSTOP, stateLetter, statusField } from './world.js';
import type { MakeWorld, World } from './world.js';

/**
 * The contract for tasks in special states: stopped, dead, blocked in the kernel, or traced by somebody else, and for
 * children that the kernel attaches.
 */
export function ptraceEventContract(makeWorld: MakeWorld): void {
  let world: World;
  let tracing: Tracing;
  const jobControl = { kind: 'jobControl', signal: SIGSTOP };
  const becomes = (tid: number, letter: string, bound?: number): boolean =>
    comesTrue(world.kernel, () => stateLetter(world.kernel, tid) === letter, bound);

  beforeEach(async () => {
    world = await makeWorld();
    tracing = new Tracing(world.kernel);
  });
  afterEach(async () => {
    tracing.letAllGo();
    await world.dispose();
  });

  test('seize() of a job-control-stopped task reports the stop at once, and interrupt() does not change it', async () => {
    const pid = await world.startStopped();
    expect(stateLetter(world.kernel, pid)).toBe('T');
    expect(tracing.seize(pid)).toBe(0);
    expect(tracing.look(pid)).toEqual(jobControl);
    expect(stateLetter(world.kernel, pid)).toBe('t');
    expect(world.kernel.ptrace.interrupt(pid)).toBe(0);
    world.kernel.sleep(5000);
    expect(tracing.look(pid)).toEqual(jobControl);
  });

  test('detach() keeps a job-control stop: the state is T again within 100 ms', async () => {
    const pid = await world.startStopped();
    tracing.stop(pid);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe('0');
    expect(becomes(pid, 'T', 100_000)).toBe(true);
    world.kernel.sleep(5000);
    expect(stateLetter(world.kernel, pid)).toBe('T');
  });

  test('SIGCONT during the stop takes effect at detach()', async () => {
    const pid = await world.startStopped();
    tracing.stop(pid);
    world.signal(pid, SIGCONT);
    world.kernel.sleep(5000);
    expect(stateLetter(world.kernel, pid)).toBe('t');
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(becomes(pid, 'S')).toBe(true);
  });

  test('SIGSTOP during the stop takes effect at detach()', async () => {
    const { pid } = await world.startIdle(1);
    tracing.stop(pid);
    world.signal(pid, SIGSTOP);
    world.kernel.sleep(5000);
    expect(tracing.look(pid)).toEqual({ kind: 'interrupted' });
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(becomes(pid, 'T')).toBe(true);
    world.signal(pid, SIGKILL);
  });

  test('SIGSTOP to a running tracee is a signal-delivery-stop, and detach() with it stops the task', async () => {
    const { pid } = await world.startIdle(1);
    tracing.seize(pid);
    world.signal(pid, SIGSTOP);
    expect(tracing.report(pid)).toEqual({ kind: 'signalDelivery', signal: SIGSTOP });
    expect(world.kernel.ptrace.detach(pid, SIGSTOP)).toBe(0);
    expect(becomes(pid, 'T')).toBe(true);
    world.signal(pid, SIGKILL);
  });

  test('seize() of a task that somebody else traces is -EPERM, and the task keeps its tracer', async () => {
    const pid = await world.startTracedByOther();
    const tracer = statusField(world.kernel, pid, 'TracerPid');
    expect(tracing.seize(pid)).toBe(-EPERM);
    expect(tracer).not.toBe('0');
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe(tracer);
  });

  test('seize() of a kernel thread is -EPERM', () => {
    // Inside a PID namespace no kernel thread can be seen.
    expect(world.kernelThread === undefined ? -EPERM : tracing.seize(world.kernelThread)).toBe(-EPERM);
  });

  test('seize() of a zombie is -EPERM', async () => {
    expect(tracing.seize(await world.startZombie())).toBe(-EPERM);
  });

  test('seize() of a dead leader is -EPERM, and of its living threads 0', async () => {
    const { pid, tids } = await world.startDeadLeader();
    expect(stateLetter(world.kernel, pid)).toBe('Z');
    expect(tracing.seize(pid)).toBe(-EPERM);
    expect(tids.length).toBeGreaterThan(0);
    expect(tids.map((tid) => tracing.stop(tid))).toEqual(tids.map(() => ({ kind: 'interrupted' })));
    expect(tids.map((tid) => world.kernel.ptrace.detach(tid, 0))).toEqual(tids.map(() => 0));
  });

  test('a vfork parent neither stops nor can be detached before its child execs or exits', async () => {
    const parent = await world.startVforkParent();
    expect(stateLetter(world.kernel, parent.pid)).toBe('D');
    expect(tracing.seize(parent.pid)).toBe(0);
    expect(world.kernel.ptrace.interrupt(parent.pid)).toBe(0);
    expect(tracing.report(parent.pid, 20_000)).toEqual({ kind: 'none' });
    expect(world.kernel.ptrace.detach(parent.pid, 0)).toBe(-ESRCH);
    parent.end();
    expect(tracing.report(parent.pid)).toEqual({ kind: 'interrupted' });
    expect(world.kernel.ptrace.detach(parent.pid, 0)).toBe(0);
  });

  test('with TRACE_FORK, fork stops the parent with the PID of the child as message, and the child is a tracee that stops', async () => {
    const chain = await world.startForkChain();
    const options = TRACE_FORK | TRACE_VFORK | TRACE_CLONE;
    const forked = { kind: 'event', event: PTRACE_EVENT_FORK };
    let link = 0;
    let event: WaitEvent | number = 0;
    // A process of the chain may be gone before SEIZE, or it may have forked already and be about to exit. Then the
    // next process is tried.
    const found = comesTrue(world.kernel, () => {
      link = chain.links().find((tid) => tracing.seize(tid, options) === 0) ?? 0;
      event = link === 0 ? 0 : tracing.report(link);
      return typeof event !== 'number' && event.kind === 'event';
    });
    expect(found).toBe(true);
    expect(event).toEqual(forked);
    const child = world.kernel.ptrace.eventMessage(link);
    expect(child).toBeGreaterThan(0);
    tracing.adopt(child);
    expect(tracing.report(child)).toEqual({ kind: 'interrupted' });
    expect(statusField(world.kernel, child, 'TracerPid')).toBe(String(world.kernel.tid));
    expect(world.kernel.ptrace.detach(link, 0)).toBe(0);
    expect(world.kernel.ptrace.detach(child, 0)).toBe(0);
  });
}
