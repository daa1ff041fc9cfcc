/**
 * Says on a PodCapture that it waits for this node, and for what.
 *
 * Such a status claims nothing. Each write names the resourceVersion at which the capture was unclaimed, so a late write
 * can never come after a claim.
 */
import { conditionsOf } from '../../api/conditions.js';
import type { PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import { after } from '../../kube/abort.js';
import { describeError, isConflict } from '../../kube/result.js';
import { applyCaptureStatus, type DeliveryParts } from './deliver.js';
import type { Busy } from './slots.js';

/** A capture that waits, and what it waits for. */
export interface Waiting {
  readonly object: PodCapture;
  readonly busy: Busy;
}

interface Notice {
  waiting: Waiting;
  /**
   * The kind of wait that the server has been told of. Only another kind is worth a write: the captures in the way change all
   * the time, and a node where thirty captures wait would write thirty objects after each of them.
   */
  told: Busy['kind'] | undefined;
  /** Monotonic milliseconds before which nothing is written. */
  notBefore: number;
}

/** A shorter wait is not worth a write. */
const FIRST_AFTER_MS = 500;
/** An object is written no more often than this. */
const AGAIN_AFTER_MS = 10_000;

export class BusyNotices {
  readonly #parts: DeliveryParts;
  readonly #notices = new Map<string, Notice>();
  #timer = new AbortController();
  #writing: { readonly uid: string; readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #isClosed = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** These captures wait now, and no others. */
  see(waiting: readonly Waiting[]): void {
    if (this.#isClosed) return;
    const uids = new Set(waiting.map(({ object }) => object.metadata.uid));
    for (const uid of this.#notices.keys()) if (!uids.has(uid)) this.#notices.delete(uid);
    for (const one of waiting) {
      const known = this.#notices.get(one.object.metadata.uid);
      const notBefore = this.#parts.clock.monotonic() + FIRST_AFTER_MS;
      if (known === undefined) this.#notices.set(one.object.metadata.uid, { waiting: one, told: undefined, notBefore });
      else known.waiting = one;
    }
    this.#plan();
  }

  /** Resolves when nothing about this capture is being written any more. Called before its claim. */
  async settled(uid: string): Promise<void> {
    this.#notices.delete(uid);
    if (this.#writing?.uid !== uid) return;
    this.#writing.abort.abort();
    await this.#writing.done;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.abort();
    this.#writing?.abort.abort();
    this.#notices.clear();
  }

  /** Waits for the notice that is due next. One write at a time: a burst of captures must not fill all connections. */
  #plan(): void {
    this.#timer.abort();
    if (this.#writing !== undefined || this.#isClosed) return;
    const open = [...this.#notices.values()].filter(({ waiting, told }) => waiting.busy.kind !== told);
    const [next] = open.toSorted((one, other) => one.notBefore - other.notBefore);
    if (next === undefined) return;
    this.#timer = new AbortController();
    const left = Math.max(0, next.notBefore - this.#parts.clock.monotonic());
    void after(this.#parts.clock, left, this.#timer.signal, () => this.#begin(next));
  }

  #begin(notice: Notice): void {
    const { uid } = notice.waiting.object.metadata;
    const abort = new AbortController();
    const done = this.#write(notice, abort.signal).finally(() => {
      this.#writing = undefined;
      this.#plan();
    });
    this.#writing = { uid, abort, done };
  }

  async #write(notice: Notice, signal: AbortSignal): Promise<void> {
    const { api, clock, log, learn, newest } = this.#parts;
    const { object, busy } = notice.waiting;
    const known = newest(object);
    notice.notBefore = clock.monotonic() + AGAIN_AFTER_MS;
    // Somebody has claimed the capture meanwhile, which the next look will show.
    if (known.status?.claimedBy !== undefined) return;
    const time = new Date(clock.wall()).toISOString();
    const result = await applyCaptureStatus(api, known, busyStatus(known, busy.message, time), signal);
    if (result.ok) {
      notice.told = busy.kind;
      learn(result.value);
      return;
    }
    if (isConflict(result.error)) notice.notBefore = clock.monotonic() + FIRST_AFTER_MS;
    else log.warn('status not written yet', { name: object.metadata.name, error: describeError(result.error) });
  }
}

/** The status of a capture that waits for this node. It has no claim. */
export function busyStatus({ metadata, status }: PodCapture, message: string, time: string): PodCaptureStatus {
  const fact = { type: 'Succeeded', status: 'Unknown', reason: 'NodeBusy', message } as const;
  return { conditions: conditionsOf([fact], status?.conditions, metadata.generation, time) };
}
