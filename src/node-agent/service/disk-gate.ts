/**
 * Separates disk access and freezers: while a freezer is closed, no thread of this process touches a file system that
 * may hang.
 *
 * A thread in an unkillable wait keeps a killed process from ending. Then nothing tells the others to open its
 * freezers: while a thread waited for a silent FUSE server, the end of file on a pipe of the killed process never
 * arrived (measured).
 */
import { after, linkAbort, type LinkedAbort } from '../../kube/abort.js';
import type { Clock } from '../../kube/clock.js';

interface Waiter {
  readonly kind: 'still' | 'touch';
  readonly grant: () => void;
}

/** How long one access to the disk is waited for, in milliseconds. After that the disk counts as silent until it answers. */
export const DISK_BOUND_MS = 5_000;

/**
 * Waiters are served in the order of their arrival, so neither a stream of captures nor a stream of writes can starve
 * the other.
 */
export class DiskGate {
  readonly #clock: Clock;
  /** The accesses that somebody waits for. */
  readonly #touches = new Set<LinkedAbort>();
  #queue: Waiter[] = [];
  #still = 0;
  #touching = false;
  /** The access that runs has taken longer than its bound. */
  #isSilent = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits until no disk access runs, at most this long. Returns a function that must be called once the freezers are
   * open; undefined when the disk access did not end in time.
   */
  async enterStill(boundMilliseconds: number): Promise<(() => void) | undefined> {
    const [timer, bound] = [new AbortController(), new AbortController()];
    void after(this.#clock, boundMilliseconds, timer.signal, () => bound.abort());
    const given = await this.#wait('still', bound.signal);
    timer.abort();
    if (!given) return undefined;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#still -= 1;
      this.#pump();
    };
  }

  /**
   * Runs `work`, which may touch the disk, while no freezer is closed. Returns `unanswered()` instead when the disk is
   * silent or `signal` aborts: nobody waits for a disk without a bound. Work that has not begun then never begins; work
   * that has begun goes on, and nothing else touches the disk before its end.
   */
  async touch<T>(work: () => Promise<T>, unanswered: () => T, signal?: AbortSignal): Promise<T> {
    if (this.#isSilent) return unanswered();
    const link = linkAbort(signal);
    this.#touches.add(link);
    try {
      if (!(await this.#wait('touch', link.signal))) return unanswered();
      return await Promise.race([this.#run(work), aborted(link.signal).then(unanswered)]);
    } finally {
      this.#touches.delete(link);
      link.dispose();
    }
  }

  /** Only the time of the access itself counts. Captures that keep their freezers closed say nothing about the disk. */
  #run<T>(work: () => Promise<T>): Promise<T> {
    const timer = new AbortController();
    void after(this.#clock, DISK_BOUND_MS, timer.signal, () => {
      this.#isSilent = true;
      for (const link of this.#touches) link.abort();
    });
    const done = work().finally(() => {
      timer.abort();
      this.#isSilent = false;
      this.#touching = false;
      this.#pump();
    });
    // Nobody may be waiting any more when it fails.
    void done.catch(() => undefined);
    return done;
  }

  async #wait(kind: Waiter['kind'], giveUp: AbortSignal): Promise<boolean> {
    let granted = false;
    await new Promise<void>((resolve) => {
      const grant = (): void => {
        granted = true;
        resolve();
      };
      const waiter = { kind, grant };
      this.#queue.push(waiter);
      this.#pump();
      if (granted) return;
      const leave = (): void => {
        if (granted) return;
        this.#queue = this.#queue.filter((other) => other !== waiter);
        this.#pump();
        resolve();
      };
      void aborted(giveUp).then(leave);
    });
    return granted;
  }

  #pump(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#touching || (next.kind === 'touch' && this.#still > 0)) return;
      this.#queue.shift();
      if (next.kind === 'touch') this.#touching = true;
      else this.#still += 1;
      next.grant();
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
