/**
 * Keeps disk and freezers apart: while any freezer is closed, no thread of this process touches a file system that may hang.
 *
 * A thread in an unkillable wait keeps a killed process from ending, and with it all that would tell others to open the freezers
 * (field measurement: end of file on a pipe came not at all while a thread sat in a silent FUSE server).
 */
import { after } from '../../kube/abort.js';
import type { Clock } from '../../kube/clock.js';

interface Waiter {
  readonly kind: 'still' | 'touch';
  readonly grant: () => void;
}

/** First come, first served: neither a stream of captures nor one of writes keeps the other waiting for ever. */
export class DiskGate {
  readonly #clock: Clock;
  #queue: Waiter[] = [];
  #still = 0;
  #touching = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits until the disk is let alone, at most so long. Returns how to leave again, once the freezers are open; undefined
   * when the disk did not come to rest.
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

  /** Runs `work`, which may touch the disk, when no freezer is closed. */
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
