/** The state of one capture that this process has claimed or is about to claim, and the way to end it. */
import { after } from '../../kube/abort.js';
import type { Clock } from '../../kube/clock.js';
import type { OwnRun } from './next-step.js';

/** The phases of a run, in this order. From `reporting` on, the pod is released. */
export type RunPhase = 'capturing' | 'holding' | 'reporting';

export class CaptureRun implements OwnRun {
  readonly uid: string;
  readonly podUID: string;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #released = new AbortController();
  #holdSeconds: number;
  #holdSince: number | undefined;
  #phase: RunPhase = 'capturing';
  #why: string | undefined;
  #cancelledAt: number | undefined;
  #loweredAt = 0;

  constructor(uid: string, podUID: string, holdSeconds: number, clock: Clock) {
    this.uid = uid;
    this.podUID = podUID;
    this.#holdSeconds = holdSeconds;
    this.#clock = clock;
  }

  get phase(): RunPhase {
    return this.#phase;
  }

  /** Whether the run no longer holds anything of the pod. */
  get isReleased(): boolean {
    return this.#phase === 'reporting';
  }

  get holdSeconds(): number {
    return this.#holdSeconds;
  }

  /** Aborting it ends a hold, or rolls back a capture that has not reached its hold. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get cancelled(): boolean {
    return this.#why !== undefined;
  }

  /** The reason of the cancellation. */
  get why(): string | undefined {
    return this.#why;
  }

  cancel(why: string): void {
    this.#why ??= why;
    this.#cancelledAt ??= this.#clock.monotonic();
    this.#abort.abort();
  }

  /** The tree is collected. From now on an abort ends the hold, and the capture still counts as a success. */
  holdBegan(): void {
    if (this.isReleased) return;
    this.#phase = 'holding';
    this.#holdSince = this.#clock.monotonic();
    this.#endHoldInTime();
  }

  /**
   * Lets the hold end this long after it began, or at once if that time has passed. Before the hold begins, only the
   * new length is noted.
   */
  lowerHold(seconds: number): void {
    if (seconds >= this.#holdSeconds) return;
    this.#holdSeconds = seconds;
    this.#loweredAt = this.#clock.monotonic();
    if (this.#phase === 'holding') this.#endHoldInTime();
  }

  letGo(): void {
    this.#phase = 'reporting';
    this.#released.abort();
  }

  /** For how long the hold has lasted beyond its end, in milliseconds; 0 before that. A cancellation is an end, too. */
  get overdueMilliseconds(): number {
    if (this.#phase !== 'holding') return 0;
    // A hold that was lowered to less than its age ends at that moment, and not in the past.
    const asked = Math.max((this.#holdSince ?? 0) + 1000 * this.#holdSeconds, this.#loweredAt);
    const end = Math.min(asked, this.#cancelledAt ?? Number.POSITIVE_INFINITY);
    return Math.max(0, this.#clock.monotonic() - end);
  }

  /** The tracing thread ends the hold after the time with which the capture began. A shorter time is enforced here. */
  #endHoldInTime(): void {
    const seconds = this.#holdSeconds;
    const left = (this.#holdSince ?? 0) + 1000 * seconds - this.#clock.monotonic();
    if (left <= 0) {
      this.#abort.abort();
      return;
    }
    // The remaining time is computed again, because a timer may fire up to a millisecond early, and a hold must not be
    // shorter than requested.
    void after(this.#clock, left, this.#released.signal, () => {
      if (this.#phase === 'holding' && this.#holdSeconds === seconds) this.#endHoldInTime();
    });
  }
}
