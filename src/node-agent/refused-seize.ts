/** Why PTRACE_SEIZE was refused. */
import type { UnfrozenTask } from '../api/podcapture.js';
import { EPERM } from '../native/errno.js';
import { errnoName } from '../native/syscall-error.js';
import { failure, type Failure } from './failure.js';
import { tracerPidOf } from './pure/proc-status.js';
import type { Session } from './session.js';
import { describeTask } from './stuck-tasks.js';

export type RefusedSeize =
  /** It is our tracee already: the kernel attached it (PTRACE_O_TRACE*), or an execve gave it another's tid. */
  | { readonly kind: 'ours' }
  /** Died meanwhile. */
  | { readonly kind: 'gone' }
  /** Cannot be traced, is not part of the workload, and is reported. */
  | { readonly kind: 'kernelThread' }
  /** By somebody else, whom it is left to. */
  | { readonly kind: 'traced'; readonly task: UnfrozenTask; readonly failure: Failure }
  | { readonly kind: 'denied'; readonly failure: Failure };

/** Tells from /proc. Takes tens of microseconds, so that `TaskAlreadyTraced` is known at once. */
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
  const hint = result === -EPERM ? '; CAP_SYS_PTRACE, Yama or a security module may stand in the way' : '';
  return {
    kind: 'denied',
    failure: failure('SeizeDenied', `ptrace(PTRACE_SEIZE) of task ${tid} (${task.comm}): ${errnoName(result)}${hint}`),
  };
}
