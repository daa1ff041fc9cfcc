/**
 * The board: memory that the tracing thread and the main thread share. By it, each sees what the other does while a pod stands
 * still and neither may wait for a message.
 *
 * The tracing thread writes where it is; the main thread writes orders. Every slot has one writer.
 */
import { PHASES, type Phase } from '../../api/podcapture.js';
import type { BoardView } from '../pure/board-view.js';

export type { BoardView } from '../pure/board-view.js';
export { ORDER_CANCEL, ORDER_REOPEN, ORDER_TIMEOUT, ORDER_UNGUARDED } from '../pure/board-view.js';

/**
 * How long to wait for the main thread's writes to freezers. One write takes 50 ms at most (4,000 tasks, Linux 6.18), and some
 * hundred milliseconds on a main thread without CPU time.
 */
const WRITING_BOUND_MS = 5_000;

/**
 * Number of freezers whose descriptors fit on the board. A pod has a few. A capture of more cgroups fails at the first freezer
 * that does not fit.
 */
export const MAX_FREEZERS = 64;
/**
 * Number of tids that fit on the board. pid_max is 4,194,304 at most, but one capture of more tasks than this would take seconds.
 * Tids beyond this number are not published.
 */
const MAX_TIDS = 65_536;

const SLOT = { phase: 0, progress: 1, orders: 2, writer: 3, closed: 4, freezers: 5, tids: 6, writing: 7 } as const;
const FREEZERS_AT = 8;
const TIDS_AT = FREEZERS_AT + 2 * MAX_FREEZERS;
/** Slots of 8 bytes behind the tids: times in microseconds, 0 for none. */
const TIMES_AT = TIDS_AT + MAX_TIDS;
const TIME = { heldFrom: 0, mayHoldUntil: 1 } as const;
const TIMES = 2;

/** A freezer as the main thread needs it: a descriptor that is open for writing, and the version, which decides the words to write. */
export interface PublishedFreezer {
  readonly fd: number;
  readonly version: 'v1' | 'v2';
  /** Index of its cgroup in the request. */
  readonly container: number;
}

export class Board {
  readonly memory: SharedArrayBuffer;
  readonly #slots: Int32Array;
  readonly #times: BigInt64Array;

  /** Lays out a board, in new memory or in the memory that the other thread made. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(4 * TIMES_AT + 8 * TIMES)) {
    this.memory = memory;
    this.#slots = new Int32Array(memory);
    this.#times = new BigInt64Array(memory, 4 * TIMES_AT, TIMES);
  }

  /** Clears the board. The main thread calls this between captures. */
  reset(): void {
    this.#slots.fill(0, 0, FREEZERS_AT);
    this.#times.fill(0n);
  }

  // The tracing thread's side.

  enter(phase: Phase): void {
    Atomics.store(this.#slots, SLOT.phase, PHASES.indexOf(phase));
  }

  /** Raises the progress. This is called before and after each call that may block. */
  step(): void {
    Atomics.add(this.#slots, SLOT.progress, 1);
  }

  /** Says whether a write of FROZEN may follow. This is set before the orders are looked at, so that no order can slip in between. */
  setWriter(mayWrite: boolean): void {
    Atomics.store(this.#slots, SLOT.writer, mayWrite ? 1 : 0);
  }

  setClosed(count: number): void {
    Atomics.store(this.#slots, SLOT.closed, count);
  }

  /** Makes a freezer known to the main thread before it is closed. Returns false when the board is full. */
  publishFreezer(freezer: PublishedFreezer): boolean {
    const count = Atomics.load(this.#slots, SLOT.freezers);
    if (count >= MAX_FREEZERS) return false;
    this.#slots[FREEZERS_AT + 2 * count] = freezer.fd;
    this.#slots[FREEZERS_AT + 2 * count + 1] = 2 * freezer.container + (freezer.version === 'v1' ? 0 : 1);
    Atomics.store(this.#slots, SLOT.freezers, count + 1);
    return true;
  }

  /**
   * Withdraws all freezers, and waits until the main thread is not writing to any of them. Returns false when that takes too
   * long. The descriptors must then stay open, because the main thread may still write to their numbers.
   */
  withdrawFreezers(): boolean {
    Atomics.store(this.#slots, SLOT.freezers, 0);
    return Atomics.wait(this.#slots, SLOT.writing, 1, WRITING_BOUND_MS) !== 'timed-out';
  }

  publishTid(tid: number): void {
    const count = Atomics.load(this.#slots, SLOT.tids);
    if (count >= MAX_TIDS) return;
    this.#slots[TIDS_AT + count] = tid;
    Atomics.store(this.#slots, SLOT.tids, count + 1);
  }

  /** Tells since when every task stands still, by the wall clock, in microseconds since the epoch. */
  setHeldFrom(microseconds: number): void {
    this.#setTime(TIME.heldFrom, microseconds);
  }

  /** Until when the pod may be held, by the monotonic clock, in microseconds. Undefined: no such bound. */
  mayHoldUntil(): number | undefined {
    return this.#time(TIME.mayHoldUntil);
  }

  orders(): number {
    return Atomics.load(this.#slots, SLOT.orders);
  }

  /** Sleeps until an order comes, but no longer than `microseconds`. */
  waitForOrders(known: number, microseconds: number): void {
    Atomics.wait(this.#slots, SLOT.orders, known, microseconds / 1000);
  }

  // The main thread's side.

  order(bit: number): void {
    Atomics.or(this.#slots, SLOT.orders, bit);
    Atomics.notify(this.#slots, SLOT.orders);
  }

  view(): BoardView {
    return {
      phase: PHASES[Atomics.load(this.#slots, SLOT.phase)] ?? 'resolve',
      progress: Atomics.load(this.#slots, SLOT.progress),
      writer: Atomics.load(this.#slots, SLOT.writer) === 1,
      closed: Atomics.load(this.#slots, SLOT.closed),
    };
  }

  /** Since when every task stands still. Undefined: not yet. A hold may begin before that. */
  heldFrom(): number | undefined {
    return this.#time(TIME.heldFrom);
  }

  /** Bounds the hold. The tracing thread keeps the bound, also when the main thread gets no CPU time. */
  setMayHoldUntil(microseconds: number): void {
    this.#setTime(TIME.mayHoldUntil, microseconds);
  }

  /** Calls `write` for each published freezer. Until this returns, none of their descriptors is closed. */
  forEachFreezer(write: (freezer: PublishedFreezer) => void): void {
    // This thread sets the flag and then reads the count. The tracing thread clears the count and then reads the flag. So at
    // least one of the two sees the other.
    Atomics.store(this.#slots, SLOT.writing, 1);
    try {
      for (const freezer of this.freezers()) write(freezer);
    } finally {
      Atomics.store(this.#slots, SLOT.writing, 0);
      Atomics.notify(this.#slots, SLOT.writing);
    }
  }

  freezers(): readonly PublishedFreezer[] {
    const count = Atomics.load(this.#slots, SLOT.freezers);
    return Array.from({ length: count }, (_, index) => {
      const packed = this.#slots[FREEZERS_AT + 2 * index + 1] ?? 0;
      return {
        fd: this.#slots[FREEZERS_AT + 2 * index] ?? -1,
        version: packed % 2 === 0 ? 'v1' : 'v2',
        container: packed >> 1,
      };
    });
  }

  tids(): Int32Array {
    return this.#slots.subarray(TIDS_AT, TIDS_AT + Atomics.load(this.#slots, SLOT.tids));
  }

  #setTime(index: number, microseconds: number): void {
    Atomics.store(this.#times, index, BigInt(Math.max(1, Math.round(microseconds))));
  }

  #time(index: number): number | undefined {
    const microseconds = Number(Atomics.load(this.#times, index));
    return microseconds === 0 ? undefined : microseconds;
  }
}
