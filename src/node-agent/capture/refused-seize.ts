/** Finds out why PTRACE_SEIZE was refused. */
import type { UnfrozenTask } from '../../api/podcapture.js';
import { EPERM, isGone } from '../../native/errno.js';
import { TRACE_OPTIONS } from '../../native/kernel.js';
import { errnoName } from '../../native/syscall-error.js';
import { failure, type Failure } from '../pure/failure.js';
import { tracerPidOf } from '../pure/proc-status.js';
import type { Session } from './session.js';
import { describeTask } from './task-facts.js';

export type RefusedSeize =
  /**
   * The task is our tracee: the kernel attached it (PTRACE_O_TRACE*), an execve gave it the tid of another tracee, or a second
   * SEIZE took it.
   */
  | { readonly kind: 'ours' }
  /** The task died meanwhile. */
  | { readonly kind: 'gone' }
  /** A kernel thread cannot be traced and is not part of the workload. It is reported. */
  | { readonly kind: 'kernelThread' }
  /** Somebody else traces the task, and it is left to that tracer. */
  | { readonly kind: 'traced'; readonly task: UnfrozenTask; readonly failure: Failure }
  | { readonly kind: 'denied'; readonly failure: Failure };

/**
 * How often a SEIZE of a dying task is tried again, and the sleep before each attempt. Together they take up to 4 ms: well within
 * the 100 ms in which a refusal is to be known.
 */
const DYING_ATTEMPTS = 20;
const DYING_MICROSECONDS = 200;

/** Finds the reason in /proc. This takes tens of microseconds, so that `TaskAlreadyTraced` is known at once. */
export function refusedSeize(session: Session, tid: number, result: number): RefusedSeize {
  const status = new Uint8Array(4096);
  const length = session.kernel.files.readInto(`${session.request.proc}/${tid}/status`, status);
  const task = describeTask(session, tid);
  if (length < 0 || task === undefined) return { kind: 'gone' };
  const tracer = tracerPidOf(status, length);
  if (tracer === session.kernel.tid) return { kind: 'ours' };
  if (tracer > 0) {
    const by = describeTask(session, tracer);
    return {
      kind: 'traced',
      task: { ...task, cause: 'Traced' },
      failure: failure(
        'TaskAlreadyTraced',
        `task ${tid} (${task.comm}) is traced by ${tracer} (${by?.comm ?? 'unknown'}); it is left to it`,
      ),
    };
  }
  if (task.cause === 'KernelThread') {
    session.unfrozen.set(tid, task);
    return { kind: 'kernelThread' };
  }
  // SEIZE is also refused for a task that is about to die or in the middle of an execve, but only for microseconds.
  for (let attempt = 0; attempt < DYING_ATTEMPTS; attempt++) {
    session.kernel.sleep(DYING_MICROSECONDS);
    const again = session.kernel.ptrace.seize(tid, TRACE_OPTIONS);
    if (again >= 0) return { kind: 'ours' };
    if (isGone(again) || describeTask(session, tid) === undefined) return { kind: 'gone' };
  }
  const hint = result === -EPERM ? '; CAP_SYS_PTRACE, Yama or a security module may stand in the way' : '';
  return {
    kind: 'denied',
    failure: failure('SeizeDenied', `ptrace(PTRACE_SEIZE) of task ${tid} (${task.comm}): ${errnoName(result)}${hint}`),
  };
}
