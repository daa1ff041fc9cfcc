/** Everything that one capture knows while it runs. {@link ./capture.ts} makes the session and drops it at the end. */
import type { Phase, UnfrozenTask } from '../../api/podcapture.js';
import type { Kernel } from '../../native/kernel.js';
import type { Running, Tracee } from '../../native/tracee.js';
import type { Board } from './board.js';
import type { CaptureContext } from './context.js';
import { ORDER_CANCEL, ORDER_REOPEN, ORDER_TIMEOUT, ORDER_UNGUARDED } from './board.js';
import { failure, type Failure } from '../pure/failure.js';
import { FREEZER_WINDOW_MICROSECONDS, type Freezer } from '../cgroup/freezer.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { FreezerState } from '../pure/freezer-state.js';
import { releaseEstimate } from '../pure/release-cost.js';
import { LIST_BYTES } from '../cgroup/list-tasks.js';
import { RawArena } from './raw-arena.js';
import type { FirstLook } from './raw-capture.js';

/** The request for a capture. It is plain data, so that it can be posted to the tracing thread. */
export interface CaptureRequest {
  /** UID of the PodCapture, under which the guard reports what it did. Without a UID, an id is made up. */
  readonly uid?: string;
  readonly containers: readonly ContainerTarget[];
  /** Bound of the freezing stage: from the first freezer write until the tree is collected. */
  readonly timeoutMicroseconds: number;
  /** How long to hold after the tree is collected. */
  readonly holdMicroseconds: number;
  /** Budget of the pause without the hold, release included. */
  readonly maxPauseMicroseconds?: number;
  /** Mount point of the host's procfs. */
  readonly proc: string;
}

/**
 * When this much time has passed since the announcement, the guard is told in the middle of the capture that the freezers are
 * open. The guard ends this process when it has not heard so within 1 s, and a step that usually takes milliseconds takes a
 * hundred times as long without CPU time.
 */
const TELL_AFTER_MICROSECONDS = 100_000;

/**
 * How long the looks before the freeze may take. 10,000 tasks take 0.3 s. A tenant can make its own tasks take longer (18 ms per
 * task in 65,536 groups), but nothing is held meanwhile.
 */
const INSPECTION_MICROSECONDS = 30_000_000;

/** Time that INTERRUPT and the way to the stop take per task, in microseconds: 7 µs on v2 (Linux 6.18). A budget keeps it back. */
const STOP_MICROSECONDS = 10;

/** How the tasks of a cgroup are brought to a stop. */
export type Way =
  /** This capture closes the freezer, seizes the tasks, and opens the freezer again. */
  | 'freezer'
  /** Found FROZEN on v2: the tasks are seized and stopped while they stay frozen. The freezer is not touched. */
  | 'stopInPlace'
  /** Found FROZEN on v1: the tasks cannot reach a stop, and need none. Nothing is traced. */
  | 'readOnly'
  /** No freezer is used, or the cgroup could not be frozen: the tasks are stopped one by one. */
  | 'interrupts';

/** A target: one cgroup that the capture stops. */
export interface Target {
  readonly container: ContainerTarget;
  readonly index: number;
  readonly freezer: Freezer | undefined;
  /** The state in which the freezer was found, and in which it must be left. */
  readonly found: FreezerState;
  /** Cgroups below the target that somebody else had frozen on v1. Their tasks are read, not traced. */
  readonly frozenBelow: ReadonlySet<string>;
  way: Way;
  /** This capture wrote FROZEN and has not thawed the cgroup yet. */
  closed: boolean;
  /** This capture wrote FROZEN at some time. */
  written: boolean;
  /** The guard was told of the target before anything was done to the target. */
  announced: boolean;
  /** When the cgroup was first seen FROZEN by our own freeze. */
  frozenAt?: number;
}

/** A task that belongs to the capture. */
export interface Task {
  readonly tid: number;
  readonly target: Target;
  /** Directory of the cgroup that listed it. */
  readonly directory: string;
  /** Undefined for a task that is not traced (readOnly, kernel threads, core dumps). */
  tracee: Tracee | undefined;
  /** The task cannot reach its stop because the kernel holds it. Such a task is reported and not waited for. */
  held: boolean;
  /** The task joined during the hold. */
  readonly joined: boolean;
}

export class Session {
  readonly context: CaptureContext;
  readonly kernel: Kernel;
  readonly board: Board;
  readonly request: CaptureRequest;
  readonly targets: Target[] = [];
  /** Every freezer whose files were opened and must be closed at the end, also where the cgroup did not become a target. */
  readonly freezers: Freezer[] = [];
  readonly tasks = new Map<number, Task>();
  /**
   * Tasks that stood still when the hold began, and ended or left their cgroup during it. They are reported, but nothing is
   * done about them any more. By tid.
   */
  readonly departed = new Map<number, Task>();
  /** Tracees that were seized and then found not to belong: their tids were reused between listing and seizing. */
  readonly strays: Tracee[] = [];
  /** Tids of the tasks that the kernel attached at a fork, vfork or clone of a tracee. */
  readonly attached = new Set<number>();
  readonly unfrozen = new Map<number, UnfrozenTask>();
  readonly arena: RawArena;
  /** Each process that was collected, by pid, and the tid of a thread that still leads to its links. */
  readonly processes = new Map<number, number>();
  /** The first look at each task, taken before the freeze, by tid. */
  readonly firstLooks = new Map<number, FirstLook>();
  /** Open status files of thread-group leaders, by pid. A descriptor into /proc never leads to another task. */
  readonly statusFiles = new Map<number, number>();
  /** How many of them may be open. Undefined before the first look. */
  statusFilesLimit: number | undefined;
  /** The target of each task that was listed before the freeze. */
  members: ReadonlyMap<number, Target> = new Map();
  /** Texts of credentials that many looks share. */
  readonly credentials = new Map<string, string>();
  /** Memory for reads whose bytes are not kept. */
  scratch: Uint8Array | undefined;
  /** Memory for lists of tasks. */
  readonly listBuffer = new Uint8Array(LIST_BYTES);
  /** Pids of children of the tasks: children that have exited and wait for their parents. */
  zombies: ReadonlySet<number> = new Set();
  /** The zombies were looked at while their parents stood still. */
  zombiesAreHeld = false;
  /** Pids of processes that write a core file. Nothing may disturb these processes. */
  readonly dumping = new Set<number>();
  /** CPU time of each late task when it was first looked at, in microseconds, by tid. */
  readonly ranWhenLate = new Map<number, number>();
  /** Number of kernel stacks that were read. */
  stacksRead = 0;
  /** The tree is collected, and the hold that was asked for has begun. A cancellation then ends the hold, and is no failure. */
  isHolding = false;
  /** The hold ended because it lasted until {@link Board.mayHoldUntil}. */
  isCutOff = false;
  readonly durations: Partial<Record<Phase, number>> = {};
  /** Time of the first freezer write, or without freezer of the first interrupt. The pause and the deadlines count from here. */
  firstActAt: number | undefined;
  collectedAt: number | undefined;
  /**
   * When every task stood still: the end of the stop phase, or later, when a task that was set aside has reached its stop
   * during the hold. Undefined while a task may go on.
   */
  stoodStillAt: number | undefined;
  /** The same by the wall clock, in microseconds since the epoch. Known when a requested hold begins. */
  heldFrom: number | undefined;
  /** When the release began, after every task had stood still. */
  letGoAt: number | undefined;
  /** Time of the announcement. The guard's bound for a closed freezer runs from then. */
  announcedAt: number | undefined;
  lastDetachAt: number | undefined;
  /** All freezers are open, and FROZEN will not be written any more. Only then may the guard be told so. */
  freezesNoMore = false;
  #openedTold = false;
  readonly #madeAt: number;
  /** The stop phase is over. A task that was seized and has not stopped must reach its stop before it can be detached. */
  areStopped = false;
  /** A tracee could not be detached: only the end of the tracing thread frees it. */
  threadMustEnd = false;
  /** Directories of the freezers that could not be proved open again. */
  thawUnproved: string[] = [];

  constructor(context: CaptureContext, request: CaptureRequest) {
    this.context = context;
    this.arena = context.arena ?? new RawArena();
    this.arena.clear();
    this.kernel = context.kernel;
    this.board = context.board;
    this.request = request;
    this.#madeAt = context.kernel.now();
  }

  /** Whether a task belongs to a process that nothing may disturb. */
  isLeftAlone(tid: number): boolean {
    return this.dumping.size > 0 && this.dumping.has(this.firstLooks.get(tid)?.tgid ?? tid);
  }

  /** Notes that the workload feels the capture from now on. */
  act(): void {
    this.firstActAt ??= this.kernel.now();
  }

  addTask(tid: number, target: Target, directory: string, tracee: Tracee | undefined, joined = false): Task {
    const task: Task = { tid, target, directory, tracee, held: false, joined };
    this.tasks.set(tid, task);
    return task;
  }

  /** The tracees that are on their way to a stop. Tracees that the kernel holds are left out, because nobody waits for them again. */
  running(): { task: Task; tracee: Running }[] {
    const running: { task: Task; tracee: Running }[] = [];
    for (const task of this.tasks.values()) {
      if (task.tracee?.state === 'running' && !task.held) running.push({ task, tracee: task.tracee });
    }
    return running;
  }

  /**
   * Whether to stop and roll back, and why. This is asked between system calls, because a system call cannot be cut short. The
   * main thread keeps the same deadlines with its orders, in case this thread is stuck in a system call.
   */
  interruption(): Failure | undefined {
    const orders = this.board.orders();
    if ((orders & ORDER_UNGUARDED) !== 0) {
      return failure('GuardUnavailable', 'the guard ended in the middle of the capture; what was held is let go');
    }
    if ((orders & ORDER_CANCEL) !== 0 && (this.collectedAt === undefined || this.isHolding)) {
      return failure('Cancelled', 'the capture was cancelled before it was complete');
    }
    if (this.firstActAt === undefined) return this.#inspectedTooLong();
    this.tellOpenedInTime();
    const elapsed = this.kernel.now() - this.firstActAt;
    const budget = this.request.maxPauseMicroseconds;
    // The budget is for the pause without the hold. Once the hold has begun, only the release is left, which an early end of the
    // hold would not shorten.
    if (budget !== undefined && !this.isHolding && elapsed + this.releaseEstimate() > budget) return this.#overBudget();
    if (this.collectedAt !== undefined) return undefined;
    if ((orders & ORDER_TIMEOUT) !== 0 || elapsed > this.request.timeoutMicroseconds) {
      return failure('FreezeTimeout', `the freezing stage did not end within ${this.request.timeoutMicroseconds} µs`);
    }
    return undefined;
  }

  #inspectedTooLong(): Failure | undefined {
    if (this.kernel.now() - this.#madeAt <= INSPECTION_MICROSECONDS) return undefined;
    return failure(
      'FreezeTimeout',
      `looking at the tasks before the freeze took longer than ${INSPECTION_MICROSECONDS} µs`,
    );
  }

  /**
   * Tells the guard of the thaw when the announcement is `TELL_AFTER_MICROSECONDS` old: the guard ends this process when it does
   * not know of the thaw a second after the announcement. Before that nothing is sent, because the guard is told when the pod
   * runs again.
   */
  tellOpenedInTime(): void {
    const { announcedAt, context } = this;
    if (announcedAt === undefined || this.#openedTold || this.kernel.now() - announcedAt < TELL_AFTER_MICROSECONDS)
      return;
    context.hurry?.();
    if (typeof context.guard === 'number' || !this.freezesNoMore) return;
    this.#openedTold = true;
    for (const { index, written } of this.targets)
      context.guard.tell(written ? 'opened' : 'disowned', context.captureId, index);
  }

  /**
   * Whether the freezers have to be opened now, so that the capture goes on without them: the main thread has found that SEIZE
   * waits for a thaw, or the freezers have been closed for as long as is allowed. The second case is no failure: on a node
   * without CPU time, a task may reach neither its freezer nor its stop within a second.
   */
  mustOpen(): boolean {
    if (!this.targets.some(({ closed }) => closed)) return false;
    const { announcedAt } = this;
    return (
      this.isReopened() || (announcedAt !== undefined && this.kernel.now() - announcedAt > FREEZER_WINDOW_MICROSECONDS)
    );
  }

  /** Whether the main thread has opened the freezers. */
  isReopened(): boolean {
    return (this.board.orders() & ORDER_REOPEN) !== 0;
  }

  #overBudget(): Failure {
    const elapsed = Math.round(this.kernel.now() - (this.firstActAt ?? this.kernel.now()));
    return failure(
      'PauseBudgetExceeded',
      `the pause would exceed its budget of ${this.request.maxPauseMicroseconds} µs: ${elapsed} µs have passed and releasing takes about ${this.releaseEstimate()} µs more`,
    );
  }

  releaseEstimate(): number {
    const stopping = this.areStopped ? 0 : STOP_MICROSECONDS * this.tasks.size;
    return releaseEstimate(this.context.releaseCost, this.tasks.size) + stopping;
  }
}
