/** The state of one capture that this process has claimed or is about to claim, and the way to end it. */
import type { PodCapture } from '../../api/kinds.js';
import type { Clock } from '../../kube/clock.js';
import type { CancelReason, EndedHold, HoldCause, ReleaseReason } from '../report/end-conditions.js';
import type { OwnRun } from './next-step.js';
import type { Occupant, RunPhase } from './slots.js';

interface Cancellation {
  readonly reason: CancelReason;
  readonly why: string;
  readonly at: number;
}

export class CaptureRun implements OwnRun, Occupant {
  readonly uid: string;
  readonly podUID: string;
  readonly name: string;
  readonly namespace: string;
  /** How long the pod is to be held, in seconds. Undefined: no hold was asked for. */
  readonly holdSeconds: number | undefined;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #phase: RunPhase = 'claiming';
  #cancellation: Cancellation | undefined;
  #release: { readonly reason: ReleaseReason; readonly at: number } | undefined;
  /** What ended the hold before its time, or kept it from beginning. */
  #cause: HoldCause | undefined;
  #holdSince: number | undefined;
  readonly #vanished = new AbortController();
  /** Monotonic milliseconds at which the watch last told something about the capture. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** The API server refuses the report of the end. */
  isRefused = false;

  constructor({ metadata, spec }: PodCapture, clock: Clock) {
    this.uid = metadata.uid;
    this.name = metadata.name;
    this.namespace = metadata.namespace ?? '';
    this.podUID = spec.podUID;
    this.holdSeconds = spec.dryRun ? undefined : spec.hold?.seconds;
    this.#clock = clock;
  }

  get phase(): RunPhase {
    return this.#phase;
  }

  /** Whether it holds the pod or is going to. A release that came before the hold means that it never will. */
  get holds(): boolean {
    return this.holdSeconds !== undefined && (this.#release === undefined || this.#phase === 'holding');
  }

  /** Whether the run no longer holds anything of the pod. */
  get isReleased(): boolean {
    return this.#phase === 'reporting';
  }

  /** How long to hold: 0 when the release came before the hold. */
  get holdMicroseconds(): number {
    return this.#release === undefined ? 1_000_000 * (this.holdSeconds ?? 0) : 0;
  }

  /** Aborting it ends a hold, or rolls back a capture that has not reached its hold. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get cancelled(): boolean {
    return this.#cancellation !== undefined;
  }

  get released(): boolean {
    return this.#release !== undefined;
  }

  /** Aborts when the PodCapture no longer exists, and nothing can be reported any more. */
  get gone(): AbortSignal {
    return this.#vanished.signal;
  }

  vanish(): void {
    this.#vanished.abort();
  }

  /** The reason of the cancellation, for people. */
  get why(): string | undefined {
    return this.#cancellation?.why;
  }

  /** Ends the hold, or rolls back a capture that has not reached its hold. Only the first call counts. */
  cancel(reason: CancelReason, why: string): void {
    if (this.#cancellation !== undefined) return;
    this.#cancellation = { reason, why, at: this.#clock.monotonic() };
    if (this.#phase !== 'holding') this.#cause = reason;
    else this.#cause ??= reason;
    this.#abort.abort();
  }

  /** Ends the hold. A capture that has not reached its hold goes on, and does not hold. Only the first call counts. */
  release(reason: ReleaseReason): void {
    if (this.#release !== undefined || this.holdSeconds === undefined) return;
    this.#release = { reason, at: this.#clock.monotonic() };
    this.#cause ??= reason;
    if (this.#phase === 'holding') this.#abort.abort();
  }

  /** The capture is claimed, and is carried out from now on. */
  begin(): void {
    this.#phase = 'capturing';
  }

  /** The tree is collected. From now on an abort ends the hold, and what was read is kept. */
  holdBegan(): void {
    if (this.isReleased || this.#phase === 'holding') return;
    this.#phase = 'holding';
    this.#holdSince = this.#clock.monotonic();
    if (this.#release !== undefined) this.#abort.abort();
  }

  letGo(): void {
    this.#phase = 'reporting';
  }

  /**
   * Returns why the hold ended or did not begin; undefined where none was asked for. A hold that lasted as long as it was
   * asked to has elapsed, whatever came in the same moment.
   *
   * @param heldMicroseconds how long the pod was held
   */
  endedHold(heldMicroseconds: number): EndedHold | undefined {
    const seconds = this.holdSeconds;
    if (seconds === undefined) return undefined;
    const isWhole = heldMicroseconds >= 1_000_000 * seconds;
    const cause = isWhole ? 'HoldElapsed' : (this.#cause ?? 'HoldElapsed');
    return { seconds, cause, ...(this.why === undefined ? {} : { why: this.why }) };
  }

  /** For how long the hold has lasted beyond its end, in milliseconds; 0 before that. A release and a cancellation are ends, too. */
  get overdueMilliseconds(): number {
    if (this.#phase !== 'holding') return 0;
    const never = Number.POSITIVE_INFINITY;
    const asked = (this.#holdSince ?? 0) + 1000 * (this.holdSeconds ?? 0);
    // A release that came before the hold cannot be overdue before the hold began.
    const released = this.#release === undefined ? never : Math.max(this.#release.at, this.#holdSince ?? 0);
    const end = Math.min(asked, released, this.#cancellation?.at ?? never);
    return Math.max(0, this.#clock.monotonic() - end);
  }
}
