/** What one capture knows while it runs. Made by {@link ../capture.ts}, and dropped when it ends. */
import type { Phase, UnfrozenTask } from '../../api/podcapture.js';
import type { Guard } from '../../native/guard.js';
import type { Kernel } from '../../native/kernel.js';
import type { Running, Tracee } from '../../native/tracee.js';
import type { Board } from './board.js';
import { ORDER_CANCEL, ORDER_REOPEN, ORDER_TIMEOUT, ORDER_UNGUARDED } from './board.js';
import { failure, type Failure } from '../pure/failure.js';
import type { ArmedFault } from './fault-points.js';
import { FREEZER_WINDOW_MICROSECONDS, type Freezer } from '../cgroup/freezer.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { FreezerState } from '../pure/freezer-state.js';
import { releaseEstimate, type ReleaseCost } from '../pure/release-cost.js';
import { RawArena } from './raw-arena.js';
import type { FirstLook } from './raw-capture.js';

/** What is asked for: plain data, so that it can be posted to the tracing thread. */
export interface CaptureRequest {
  /** Of the PodCapture, by which the guard reports what it did; without one an id is made up. */
  readonly uid?: string;
  readonly containers: readonly ContainerTarget[];
  /** Bound of the freezing stage: first freezer write to tree collected. */
  readonly timeoutMicroseconds: number;
  /** How long to hold after the tree is collected. */
  readonly holdMicroseconds: number;
  /** Budget of the whole pause, release included. */
  readonly maxPauseMicroseconds?: number;
  /** Mount point of the host's procfs. */
  readonly proc: string;
}

/** Where a capture runs: the seam, the shared memory, and a sleep that an order ends early. */
export interface CaptureContext {
  readonly kernel: Kernel;
  readonly board: Board;
  /** -errno: there is none, and nothing is frozen or traced. */
  readonly guard: Guard | number;
  /** By which the guard knows this capture. */
  readonly captureId: Uint8Array;
  /** Asks for more CPU time, until the capture has ended. */
  readonly hurry?: () => void;
  /** Collects the garbage of the looks before the freeze, so that no collection falls into the pause. */
  readonly tidy?: () => void;
  /** Sleeps until the orders differ from `known`, or so long. */
  readonly wait: (known: number, microseconds: number) => void;
  /** Set in tests alone. */
  readonly fault?: ArmedFault | undefined;
  /** Where the raw bytes go; what an earlier capture left in it is lost. */
  readonly arena?: RawArena;
  /** What letting go cost in earlier captures: the budget keeps so much back. */
  readonly releaseCost: ReleaseCost;
}

/**
 * After so long since the announcement the guard is told in the middle of the capture that the freezers are open. It ends this
 * process when it has not heard of that in 1 s, and what takes milliseconds as a rule takes a hundred times as long without CPU time.
 */
const TELL_AFTER_MICROSECONDS = 100_000;

/**
 * How long the looks before the freeze may take. 10,000 tasks take 0.3 s; a tenant can make its own take longer (18 ms per task in
 * 65,536 groups), and nothing is held meanwhile.
 */
const INSPECTION_MICROSECONDS = 30_000_000;

/** How a cgroup's tasks are brought to a stop. */
export type Way =
  /** We close its freezer, seize, and open it again. */
  | 'freezer'
  /** Found FROZEN on v2: seized and stopped where they are; the freezer is not touched. */
  | 'stopInPlace'
  /** Found FROZEN on v1: no stop can be reached, and none is needed. Nothing is traced. */
  | 'readOnly'
  /** No freezer, or it could not freeze: task by task. */
  | 'interrupts';

/** One target cgroup. */
export interface Target {
  readonly container: ContainerTarget;
  readonly index: number;
  readonly freezer: Freezer | undefined;
  /** The state that it was found in, and must be left in. */
  readonly found: FreezerState;
  /** Cgroups below it that someone had frozen on v1: their tasks are read, not traced. */
  readonly frozenBelow: ReadonlySet<string>;
  way: Way;
  /** We wrote FROZEN and have not thawed yet. */
  closed: boolean;
  /** We wrote FROZEN, at whatever time. */
  written: boolean;
  /** The guard was told of it, before anything was done to it. */
  announced: boolean;
  /** When it was first seen FROZEN by our own doing. */
  frozenAt?: number;
}

/** A task that belongs to the capture. */
export interface Task {
  readonly tid: number;
  readonly target: Target;
  /** Directory of the cgroup that listed it. */
  readonly directory: string;
  /** Undefined where nothing is traced (readOnly, kernel threads). */
  tracee: Tracee | undefined;
  /** It cannot reach its stop because the kernel holds it; it is reported and not waited for. */
  held: boolean;
  /** It joined during the hold. */
  readonly joined: boolean;
}

export class Session {
  readonly context: CaptureContext;
  readonly kernel: Kernel;
  readonly board: Board;
  readonly request: CaptureRequest;
  readonly targets: Target[] = [];
  /** Every freezer that was opened, to be closed at the end: also one whose cgroup did not become a target. */
  readonly freezers: Freezer[] = [];
  readonly tasks = new Map<number, Task>();
  /** Seized and then found not to belong: pids that were reused between listing and seizing. */
  readonly strays: Tracee[] = [];
  /** Tids that the kernel attached for us at a fork, vfork or clone. */
  readonly attached = new Set<number>();
  readonly unfrozen = new Map<number, UnfrozenTask>();
  readonly arena: RawArena;
  /** Each process that was collected, and a thread of it that still leads to its links. */
  readonly processes = new Map<number, number>();
  /** What each task looked like before the freeze, by tid. */
  readonly firstLooks = new Map<number, FirstLook>();
  /** Open status files of thread-group leaders, by pid: a descriptor into /proc never leads to another task. */
  readonly statusFiles = new Map<number, number>();
  /** Texts that many looks share. */
  readonly credentials = new Map<string, string>();
  /** Memory for reads whose bytes are not kept. */
  scratch: Uint8Array | undefined;
  /** Children of the tasks that have exited and wait for their parents. */
  readonly zombies = new Set<number>();
  /** The zombies were looked at while their parents stood still. */
  zombiesAreHeld = false;
  /** Processes that write a core file: nothing may disturb them (pid). */
  readonly dumping = new Set<number>();
  /** CPU time of late tasks when each was first looked at, in microseconds by tid. */
  readonly ranWhenLate = new Map<number, number>();
  /** Kernel stacks that were read. */
  stacksRead = 0;
  /** The tree is collected and the pod is kept held: a cancellation ends that, and is no failure. */
  isHolding = false;
  readonly durations: Partial<Record<Phase, number>> = {};
  /** The first freezer write, or without freezer the first interrupt. Pause and deadlines count from it. */
  firstActAt: number | undefined;
  collectedAt: number | undefined;
  /** When the guard was first told: its bound for a closed freezer runs from then. */
  announcedAt: number | undefined;
  lastDetachAt: number | undefined;
  /** All is open, and FROZEN is not written any more: only then may the guard be told so. */
  freezesNoMore = false;
  #openedTold = false;
  readonly #madeAt: number;
  /** A tracee could not be detached: only the end of the tracing thread frees it. */
  threadMustEnd = false;
  /** A freezer could not be proved open again. */
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

  /** Notes that the workload feels us from now on. */
  act(): void {
    this.firstActAt ??= this.kernel.now();
  }

  addTask(tid: number, target: Target, directory: string, tracee: Tracee | undefined, joined = false): Task {
    const task: Task = { tid, target, directory, tracee, held: false, joined };
    this.tasks.set(tid, task);
    return task;
  }

  /** The tracees that are on their way to a stop: those that the kernel holds are not waited for again. */
  running(): { task: Task; tracee: Running }[] {
    const running: { task: Task; tracee: Running }[] = [];
    for (const task of this.tasks.values()) {
      if (task.tracee?.state === 'running' && !task.held) running.push({ task, tracee: task.tracee });
    }
    return running;
  }

  /**
   * Whether to stop and roll back, and why. Asked between system calls, which cannot be cut short themselves; the main
   * thread keeps the same deadlines with its orders, in case this thread is stuck in one.
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
    if (budget !== undefined && elapsed + this.releaseEstimate() > budget) return this.overBudget();
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
   * The guard ends this process when it does not know of the thaw a second after the announcement. Nothing to do while there is time:
   * it is told when the pod runs again.
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
   * Whether the freezers have to be opened now, for the capture to go on without them: SEIZE waits for that, as the main thread has
   * found, or they have been closed for as long as is allowed. The second is no failure: on a node without CPU time a task may
   * not get to its freezer, nor to its stop, in a second.
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

  overBudget(): Failure {
    const elapsed = Math.round(this.kernel.now() - (this.firstActAt ?? this.kernel.now()));
    return failure(
      'PauseBudgetExceeded',
      `the pause would exceed its budget of ${this.request.maxPauseMicroseconds} µs: ${elapsed} µs have passed and releasing takes about ${this.releaseEstimate()} µs more`,
    );
  }

  releaseEstimate(): number {
    return releaseEstimate(this.context.releaseCost, this.tasks.size);
  }
}
