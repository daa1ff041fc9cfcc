/**
 * ptrace as a state machine in types: a state has methods only for what is possible in that state.
 *
 * ```
 * seize() ─► Running ──look()──► Stopped ──detach()──► (released)
 *               │                   │
 *               └──────look()───────┴──► Gone
 * ```
 *
 * Each transition spends the old object; using a spent object is a defect and throws. Only the thread that seized a task may use
 * the objects of that task.
 */
import { isGone } from './errno.js';
import type { KernelPtrace } from './kernel.js';
import {
  decodeWait,
  PTRACE_EVENT_CLONE,
  PTRACE_EVENT_EXEC,
  PTRACE_EVENT_FORK,
  PTRACE_EVENT_VFORK,
  type WaitEvent,
} from './wait-status.js';

const ATTACHING_EVENTS: ReadonlySet<number> = new Set([PTRACE_EVENT_FORK, PTRACE_EVENT_VFORK, PTRACE_EVENT_CLONE]);

/** The wait events after which a tracee is in a ptrace stop. */
export type StopEvent = Extract<WaitEvent, { kind: 'interrupted' | 'jobControl' | 'signalDelivery' | 'event' }>;

export type Tracee = Running | Stopped | Gone;

/** Seizes a task without disturbing it. Returns the tracee, or -errno. */
export function seize(ptrace: KernelPtrace, tid: number, options: number): Running | number {
  const result = ptrace.seize(tid, options);
  return result < 0 ? result : new Running(ptrace, tid);
}

/** A tracee that runs, sleeps, or has not reached its stop yet. It cannot be detached (ptrace(2): ESRCH). */
export class Running {
  readonly state = 'running';
  readonly tid: number;
  readonly #ptrace: KernelPtrace;
  #spent = false;

  /** Takes a task that this thread already traces: {@link seize}d, or attached by the kernel through PTRACE_O_TRACE*. */
  constructor(ptrace: KernelPtrace, tid: number) {
    this.#ptrace = ptrace;
    this.tid = tid;
  }

  /** Asks the tracee to stop. Returns 0, or -errno (ESRCH: the tracee is dead or dying). */
  interrupt(): number {
    refuseSpent(this.#spent, this.tid);
    return this.#ptrace.interrupt(this.tid);
  }

  /** Looks once, without waiting. Returns the same object when there is nothing new. Reaps a dead tracee. */
  look(): Tracee {
    refuseSpent(this.#spent, this.tid);
    const next = look(this.#ptrace, this.tid);
    if (next === undefined) return this;
    this.#spent = true;
    return next;
  }
}

/** A tracee in a ptrace stop. The stop was seen and not consumed, so that its signal is not lost if we die. */
export class Stopped {
  readonly state = 'stopped';
  readonly tid: number;
  readonly stop: StopEvent;
  readonly #ptrace: KernelPtrace;
  readonly #packed: number;
  #spent = false;

  /** `packed` is the result of {@link KernelPtrace.peek}, and `stop` is that result decoded. */
  constructor(ptrace: KernelPtrace, tid: number, packed: number, stop: StopEvent) {
    this.#ptrace = ptrace;
    this.tid = tid;
    this.#packed = packed;
    this.stop = stop;
  }

  /**
   * At PTRACE_EVENT_EXEC: the tid of the task before the execve. If it differs from the tid now, it no longer exists. Otherwise
   * undefined.
   */
  formerTid(): number | undefined {
    if (this.stop.kind !== 'event' || this.stop.event !== PTRACE_EVENT_EXEC) return undefined;
    const tid = this.#ptrace.eventMessage(this.tid);
    return tid > 0 ? tid : undefined;
  }

  /** At PTRACE_EVENT_FORK, VFORK and CLONE: the tid of the child, which the kernel has made our tracee. Otherwise undefined. */
  attachedTid(): number | undefined {
    if (this.stop.kind !== 'event' || !ATTACHING_EVENTS.has(this.stop.event)) return undefined;
    const tid = this.#ptrace.eventMessage(this.tid);
    return tid > 0 ? tid : undefined;
  }

  /**
   * Looks again. Only SIGKILL takes a task out of its stop (the task is then reaped), but an execve of a sibling may have put
   * another task, in another stop, under this tid.
   */
  look(): Stopped | Gone {
    refuseSpent(this.#spent, this.tid);
    if (this.#ptrace.peek(this.tid) === this.#packed) return this;
    this.#spent = true;
    return look(this.#ptrace, this.tid) ?? this.#unspent();
  }

  #unspent(): this {
    this.#spent = false;
    return this;
  }

  /**
   * Detaches the tracee: it runs again, and receives the signal whose delivery had stopped it. A job-control stop stays a
   * job-control stop, and no signal is sent. `refused`: the task is alive and not in a stop, and only the end of the thread
   * releases it.
   */
  detach(): 'detached' | 'gone' | 'refused' {
    refuseSpent(this.#spent, this.tid);
    const result = this.#ptrace.detach(this.tid, this.stop.kind === 'signalDelivery' ? this.stop.signal : 0);
    if (result === 0) {
      this.#spent = true;
      return 'detached';
    }
    // ESRCH means dead or not stopped (ptrace(2), "Errors"). waitid tells which of the two, and a dead task is reaped.
    return isGone(result) && look(this.#ptrace, this.tid) instanceof Gone ? 'gone' : 'refused';
  }
}

/** A former tracee: the task died and was reaped, or took over another tid by execve. */
export class Gone {
  readonly state = 'gone';
  readonly tid: number;

  constructor(tid: number) {
    this.tid = tid;
  }

  look(): this {
    return this;
  }
}

function look(ptrace: KernelPtrace, tid: number): Stopped | Gone | undefined {
  const packed = ptrace.peek(tid);
  // ECHILD: the tid is not our tracee any more. Our main thread has reaped it, or it vanished in an execve of its thread group.
  if (packed < 0) return new Gone(tid);
  const event = decodeWait(packed);
  switch (event.kind) {
    case 'none':
    case 'unknown':
      return undefined;
    case 'exited':
    case 'killed':
      ptrace.reap(tid);
      return new Gone(tid);
    case 'interrupted':
    case 'jobControl':
    case 'signalDelivery':
    case 'event':
      return new Stopped(ptrace, tid, packed, event);
    default:
      return event satisfies never;
  }
}

function refuseSpent(spent: boolean, tid: number): void {
  if (spent) throw new Error(`tracee ${tid} was used after it changed its state`);
}
