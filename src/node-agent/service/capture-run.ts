/** One capture that this process has claimed, or is about to: how far it is, and how it is told to end. */
import { after } from '../../kube/abort.js';
import type { Clock } from '../../kube/clock.js';
import type { OwnRun } from './next-step.js';

/** In this order. From `reporting` on the pod is let go. */
export type RunPhase = 'claiming' | 'capturing' | 'holding' | 'reporting';

export class CaptureRun implements OwnRun {
  readonly uid: string;
  readonly podUID: string;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #released = new AbortController();
  #holdSeconds: number;
  #holdSince: number | undefined;
  #phase: RunPhase = 'claiming';
  #why: string | undefined;

  constructor(uid: string, podUID: string, holdSeconds: number, clock: Clock) {
    this.uid = uid;
    this.podUID = podUID;
    this.#holdSeconds = holdSeconds;
    this.#clock = clock;
  }

  get phase(): RunPhase {
    return this.#phase;
  }

  /** Nothing of the pod is held by it any more. */
  get isReleased(): boolean {
    return this.#phase === 'reporting';
  }

  get holdSeconds(): number {
    return this.#holdSeconds;
  }

  /** Ends a hold, or rolls back what comes before it. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get cancelled(): boolean {
    return this.#why !== undefined;
  }

  /** Why it was cancelled. */
  get why(): string | undefined {
    return this.#why;
  }

  cancel(why: string): void {
    this.#why ??= why;
    this.#abort.abort();
  }

  beginCapture(): void {
    this.#phase = 'capturing';
  }

  /** The tree is collected: from now on an abort ends the hold, and the capture is a success. */
  holdBegan(): void {
    if (this.isReleased) return;
    this.#phase = 'holding';
    this.#holdSince = this.#clock.monotonic();
    this.#endHoldInTime();
  }

  /** The hold ends so many seconds after it began; at once when they have passed. Before it begins, nothing is aborted. */
  lowerHold(seconds: number): void {
    if (seconds >= this.#holdSeconds) return;
    this.#holdSeconds = seconds;
    if (this.#phase === 'holding') this.#endHoldInTime();
  }

  letGo(): void {
    this.#phase = 'reporting';
    this.#released.abort();
  }

  /** The tracing thread keeps the time that it was asked for; a shorter one is kept here. */
  #endHoldInTime(): void {
    const seconds = this.#holdSeconds;
    const left = (this.#holdSince ?? 0) + 1000 * seconds - this.#clock.monotonic();
    if (left <= 0) {
      this.#abort.abort();
      return;
    }
    // Looked at again: a timer may fire up to a millisecond early, and a hold is not shorter than was asked for.
    void after(this.#clock, left, this.#released.signal, () => {
      if (this.#phase === 'holding' && this.#holdSeconds === seconds) this.#endHoldInTime();
    });
  }
}
