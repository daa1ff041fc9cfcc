/**
 * Separates disk access and freezers: while a freezer is closed, no thread of this process touches a file system that
 * may hang.
 *
 * A thread in an unkillable wait keeps a killed process from ending. Then nothing tells the others to open its
 * freezers: while a thread waited for a silent FUSE server, the end of file on a pipe of the killed process never
 * arrived (measured).
 */
import { after } from '../../kube/abort.js';
import type { Clock } from '../../kube/clock.js';

interface Waiter {
  readonly kind: 'still' | 'touch';
  readonly grant: () => void;
}

/**
 * Waiters are served in the order of their arrival, so neither a stream of captures nor a stream of writes can starve
 * the other.
 */
export class DiskGate {
  readonly #clock: Clock;
  #queue: Waiter[] = [];
  #still = 0;
  #touching = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits until no disk access runs, at most this long. Returns a function that must be called once the freezers are
   * open; undefined when the disk access did not end in time.
   */
  async enterStill(boundMilliseconds: number): Promise<(() => void) | undefined> {
    const given = await this.#wait('still', boundMilliseconds);
    if (!given) return undefined;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#still -= 1;
      this.#pump();
    };
  }

  /** Runs `work`, which may touch the disk, while no freezer is closed. */
  async touch<T>(work: () => Promise<T>): Promise<T> {
    await this.#wait('touch');
    try {
      return await work();
    } finally {
      this.#touching = false;
      this.#pump();
    }
  }

  async #wait(kind: Waiter['kind'], boundMilliseconds?: number): Promise<boolean> {
    const timer = new AbortController();
    let granted = false;
    const turn = new Promise<void>((resolve) => {
      const grant = (): void => {
        granted = true;
        resolve();
      };
      const waiter = { kind, grant };
      this.#queue.push(waiter);
      this.#pump();
      if (granted || boundMilliseconds === undefined) return;
      void after(this.#clock, boundMilliseconds, timer.signal, () => {
        if (granted) return;
        this.#queue = this.#queue.filter((other) => other !== waiter);
        this.#pump();
        resolve();
      });
    });
    await turn;
    timer.abort();
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
