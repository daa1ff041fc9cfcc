/** Remembers which captures are not tried again yet, because trying them has just failed. */
import { after } from '../../kube/abort.js';
import { backoffDelay, type Backoff } from '../../kube/backoff.js';
import type { Clock } from '../../kube/clock.js';

export interface BackOffsParts {
  readonly clock: Clock;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
}

interface Rest {
  readonly failures: number;
  readonly over: AbortController;
  isOver: boolean;
}

const BACKOFF: Backoff = { baseMilliseconds: 100, maxMilliseconds: 10_000 };

export class BackOffs {
  readonly #parts: BackOffsParts;
  readonly #onOver: () => void;
  readonly #rests = new Map<string, Rest>();
  #isClosed = false;

  /** @param onOver called when something may be tried again */
  constructor(parts: BackOffsParts, onOver: () => void) {
    this.#parts = parts;
    this.#onOver = onOver;
  }

  isResting(uid: string): boolean {
    return this.#rests.get(uid)?.isOver === false;
  }

  /** It has failed, once more or for the first time. The pause grows with each failure. */
  failed(uid: string, atLeastMilliseconds = 0): void {
    if (this.#isClosed) return;
    const { clock, random } = this.#parts;
    const failures = (this.#rests.get(uid)?.failures ?? 0) + 1;
    this.forget(uid);
    const rest = { failures, over: new AbortController(), isOver: false };
    this.#rests.set(uid, rest);
    const pause = Math.max(atLeastMilliseconds, backoffDelay(BACKOFF, failures, random));
    void after(clock, pause, rest.over.signal, () => {
      rest.isOver = true;
      this.#onOver();
    });
  }

  /** It has succeeded, or will not be tried any more. */
  forget(uid: string): void {
    this.#rests.get(uid)?.over.abort();
    this.#rests.delete(uid);
  }

  /** Ends all timers for good: a pending one would keep the process alive. */
  close(): void {
    this.#isClosed = true;
    for (const { over } of this.#rests.values()) over.abort();
  }
}
