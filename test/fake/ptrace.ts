/** ptrace(2) and waitid(2) for the agent's tracing thread. */
import { EPERM, ESRCH, ECHILD } from '../../src/native/errno.js';
import { type KernelPtrace } from '../../src/native/kernel.js';
import { packWait, PTRACE_EVENT_STOP } from '../../src/native/wait-status.js';
import { isTaskFrozen } from './freezing.js';
import { deliver, isDelayed, releaseDead, settle } from './lifecycle.js';
import type { FakeTask, HostState, StopInfo } from './model.js';

const CLD_TRAPPED = 4;

/** Why the real kernel would block a SEIZE so that only SIGKILL ends the wait. */
export type SeizeBlock =
  /** The target is in a job-control stop in a FROZEN v1 cgroup. A thaw ends the wait. */
  | 'FrozenJobControlStop'
  /** The target is in execve, which waits for a sibling that the tracer has not reaped. */
  | 'Execing';

/** Plays the main thread while the tracing thread is blocked. */
export type BlockedSeizeHook = (tid: number, block: SeizeBlock) => void;

export function fakePtrace(state: HostState, blocked: BlockedSeizeHook): KernelPtrace {
  const tracee = (tid: number): FakeTask | undefined => {
    const task = state.tasks.get(tid);
    if (task?.trace?.ours !== true) return undefined;
    settle(state, task);
    return task;
  };
  /**
   * ptrace_check_attach() of kernel/ptrace.c: the task must be a tracee of this thread, alive, and in a ptrace stop.
   */
  const stopped = (tid: number): { task: FakeTask; stop: StopInfo } | undefined => {
    const task = tracee(tid);
    const stop = task?.trace?.stop;
    return task === undefined || stop === undefined || task.dead !== undefined ? undefined : { task, stop };
  };
  const awaitSeizable = (task: FakeTask, block: SeizeBlock, stands: () => boolean): void => {
    if (!stands()) return;
    blocked(task.tid, block);
    settle(state, task);
    if (stands()) throw new Error(`seize of task ${task.tid} would block for ever: ${block}`);
  };
  return {
    seize: (tid, options) => {
      const task = state.tasks.get(tid);
      if (task === undefined) return -ESRCH;
      settle(state, task);
      if (task.kthread || task.tgid === state.options.agentPid) return -EPERM;
      awaitSeizable(task, 'Execing', () => task.activity === 'execing');
      // A zombie is refused too: ptrace_attach() looks at exit_state.
      if (task.dead !== undefined || task.trace !== undefined) return -EPERM;
      task.trace = { tracerTid: state.tracingTid, ours: true, options, interruptedAt: undefined, stop: undefined };
      awaitSeizable(task, 'FrozenJobControlStop', () => {
        return task.stopSignal !== undefined && isTaskFrozen(task, 'v1', state.clock.now());
      });
      // A stopped task turns its stop into a ptrace stop before SEIZE returns (JOBCTL_TRAPPING).
      if (task.stopSignal !== undefined && task.trace !== undefined) {
        task.trace.stop = { event: PTRACE_EVENT_STOP, signal: task.stopSignal, message: 0 };
      }
      return 0;
    },
    interrupt: (tid) => {
      const task = tracee(tid);
      if (task?.trace === undefined) return -ESRCH;
      if (task.trace.stop === undefined && task.dead === undefined) task.trace.interruptedAt ??= state.clock.now();
      return 0;
    },
    detach: (tid, signal) => {
      const found = stopped(tid);
      if (found === undefined) return -ESRCH;
      untrace(state, found.task, signal);
      return 0;
    },
    eventMessage: (tid) => stopped(tid)?.stop.message ?? -ESRCH,
    peek: (tid) => {
      const task = tracee(tid);
      if (task === undefined) return -ECHILD;
      if (task.dead !== undefined) return isDelayed(state, task) ? 0 : packWait(task.dead.code, task.dead.status);
      const stop = task.trace?.stop;
      return stop === undefined ? 0 : packWait(CLD_TRAPPED, (stop.event << 8) | stop.signal);
    },
    reap: (tid) => {
      const task = tracee(tid);
      if (task === undefined) return -ECHILD;
      if (task.dead === undefined || isDelayed(state, task)) return 0;
      releaseDead(state, task);
      return 1;
    },
  };
}

/**
 * Ends a trace in a ptrace stop. The signal matters only at a signal-delivery-stop: without it, the pending signal is
 * lost.
 */
function untrace(state: HostState, task: FakeTask, signal: number): void {
  const stop = task.trace?.stop;
  task.trace = undefined;
  if (stop?.event === 0) {
    if (signal !== stop.signal) task.lost.push(stop.signal);
    if (signal !== 0) deliver(state, task, signal);
  }
  if (task.stopSignal !== undefined) task.restopsAt = state.clock.now() + state.options.restopMicroseconds;
  settle(state, task);
}

/**
 * What the kernel does when the tracing thread ends for whatever reason. Every tracee is released, even one that cannot
 * be detached, and a signal that was seen with WNOWAIT and not consumed is delivered.
 */
export function releaseTracees(state: HostState): void {
  for (const task of state.tasks.values()) {
    if (task.trace?.ours !== true) continue;
    settle(state, task);
    if (task.dead !== undefined) releaseDead(state, task);
    else untrace(state, task, task.trace.stop?.event === 0 ? task.trace.stop.signal : 0);
  }
  state.dirty = true;
}
