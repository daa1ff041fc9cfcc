/**
 * Decodes the results of waitid(2) for a tracee. Pure.
 *
 * For a seized tracee, waitid's `si_status` is `event << 8 | signal` (ptrace(2), "Stopped states" and PTRACE_EVENT stops). For a
 * dead tracee it is the exit status, or the signal that killed the task.
 */

/** si_code of SIGCHLD: sigaction(2). */
const CLD_EXITED = 1;
const CLD_KILLED = 2;
const CLD_DUMPED = 3;
const CLD_TRAPPED = 4;
const CLD_STOPPED = 5;

/** PTRACE_EVENT_* of ptrace(2). */
export const PTRACE_EVENT_FORK = 1;
export const PTRACE_EVENT_VFORK = 2;
export const PTRACE_EVENT_CLONE = 3;
export const PTRACE_EVENT_EXEC = 4;
export const PTRACE_EVENT_STOP = 128;

/** SIGTRAP has the same number on every architecture that Node runs on. */
export const SIGTRAP = 5;

/** The state of a tracee, as one wait found it. */
export type WaitEvent =
  /** Nothing to report: the tracee runs, sleeps, or has not reached its stop yet. */
  | { readonly kind: 'none' }
  /** PTRACE_EVENT_STOP by SIGTRAP: the stop that PTRACE_INTERRUPT asked for. DETACH ignores its signal. */
  | { readonly kind: 'interrupted' }
  /** PTRACE_EVENT_STOP by another signal: a job-control stop. A DETACH without a signal keeps that stop. */
  | { readonly kind: 'jobControl'; readonly signal: number }
  /** Signal-delivery-stop: DETACH must pass the signal on, or the signal is lost. */
  | { readonly kind: 'signalDelivery'; readonly signal: number }
  /** Another PTRACE_EVENT (clone, fork, vfork, exec). */
  | { readonly kind: 'event'; readonly event: number }
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'killed'; readonly signal: number }
  /** A combination that ptrace(2) does not know. */
  | { readonly kind: 'unknown'; readonly code: number; readonly status: number };

const NONE: WaitEvent = { kind: 'none' };
const INTERRUPTED: WaitEvent = { kind: 'interrupted' };

/** Whether a si_code says that the task has exited or was killed. */
export function isDead(code: number): boolean {
  return code === CLD_EXITED || code === CLD_KILLED || code === CLD_DUMPED;
}

/** Packs si_code and si_status into the number that {@link decodeWait} takes. */
export function packWait(code: number, status: number): number {
  return (code << 16) | (status & 0xffff);
}

/** Decodes a non-negative result of `KernelPtrace.peek`. */
export function decodeWait(packed: number): WaitEvent {
  if (packed === 0) return NONE;
  const code = packed >> 16;
  const status = packed & 0xffff;
  switch (code) {
    case CLD_EXITED:
      return { kind: 'exited', status: status & 0xff };
    case CLD_KILLED:
    case CLD_DUMPED:
      return { kind: 'killed', signal: status & 0x7f };
    case CLD_TRAPPED:
    case CLD_STOPPED:
      return decodeStop(code, status);
    default:
      return { kind: 'unknown', code, status };
  }
}

function decodeStop(code: number, status: number): WaitEvent {
  const event = status >> 8;
  const signal = status & 0xff;
  if (event === PTRACE_EVENT_STOP) return signal === SIGTRAP ? INTERRUPTED : { kind: 'jobControl', signal };
  if (event === 0) return signal === 0 ? { kind: 'unknown', code, status } : { kind: 'signalDelivery', signal };
  return { kind: 'event', event };
}
