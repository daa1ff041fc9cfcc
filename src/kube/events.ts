/** Records Events in order, in a bounded queue, without ever delaying the work that they report. */
import { withDeadline } from './abort.js';
import type { KubeApi } from './api.js';
import { backoffDelay, type Backoff } from './backoff.js';
import type { Clock } from './clock.js';
import {
  cutNote,
  eventName,
  eventNamespace,
  EVENTS,
  seriesKey,
  type EventDraft,
  type EventObject,
} from './event-object.js';
import type { Logger } from './log.js';
import { microTime } from './micro-time.js';
import { isAlreadyExists, isNotFound, isTransient, type KubeError, type KubeResult } from './result.js';
import type { Draft } from './types.js';

export type { EventDraft, ObjectReference } from './event-object.js';

export interface EventRecorderOptions {
  readonly api: Pick<KubeApi, 'create' | 'mergePatch'>;
  /** For instance 'stasis.dev/controller'. */
  readonly reportingController: string;
  /** For instance the name of the pod. At most 128 characters. */
  readonly reportingInstance: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

interface Series {
  readonly namespace: string;
  readonly name: string;
  count: number;
  /** Monotonic milliseconds. */
  lastSeen: number;
  lastWritten: number;
  written: number;
}

/**
 * When an event does not repeat for this long, its next occurrence becomes a new Event. client-go has the same bound.
 */
const SERIES_MILLISECONDS = 6 * 60_000;
/** The count of a series that goes on is written this often, and not at each repeat. */
const REWRITE_MILLISECONDS = 60_000;
/** Most series that are remembered at a time; the series that has been silent the longest is dropped first. */
const MOST_SERIES = 1024;
/**
 * Most requests that wait to be sent; further Events are dropped. A process that produces thousands of Events while the
 * server is away helps nobody by sending them later.
 */
const MOST_WAITING = 1000;
const MOST_RETRIES = 3;
const BACKOFF: Backoff = { baseMilliseconds: 500, maxMilliseconds: 10_000 };
const REQUEST_MILLISECONDS = 10_000;

/** Delivery is best effort: an Event may be lost, and no caller waits for it. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  /** The open series by seriesKey, the series that has been silent the longest first. */
  readonly #series = new Map<string, Series>();
  #waiting: (() => Promise<KubeResult<unknown>>)[] = [];
  #sending: Promise<void> | undefined;
  #dropped = 0;
  #serial = 0;
  readonly #stop = new AbortController();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Returns without waiting for the request. */
  record(draft: EventDraft): void {
    if (this.#stop.signal.aborted) return;
    const now = this.#options.clock.monotonic();
    this.#expire(now);
    const key = seriesKey(draft);
    const series = this.#series.get(key);
    if (series === undefined) {
      this.#begin(key, draft, now);
      return;
    }
    series.count += 1;
    series.lastSeen = now;
    this.#series.delete(key);
    this.#series.set(key, series);
    if (series.written === 1 || now - series.lastWritten >= REWRITE_MILLISECONDS) this.#write(series, now);
  }

  /** Sends the waiting Events, for at most the given time. Later calls of record() do nothing. */
  async close(withinMilliseconds: number): Promise<void> {
    const now = this.#options.clock.monotonic();
    for (const series of this.#series.values()) if (series.count > series.written) this.#write(series, now);
    this.#series.clear();
    const timer = new AbortController();
    const sent = this.#sending ?? Promise.resolve();
    await Promise.race([sent, this.#options.clock.sleep(withinMilliseconds, timer.signal)]);
    timer.abort();
    this.#stop.abort();
    this.#waiting = [];
  }

  #begin(key: string, draft: EventDraft, now: number): void {
    const object = this.#object(draft);
    const { namespace, name } = { namespace: eventNamespace(draft), name: object.metadata.name ?? '' };
    this.#series.set(key, { namespace, name, count: 1, written: 1, lastSeen: now, lastWritten: now });
    this.#enqueue((signal) => this.#options.api.create(EVENTS, object, { signal }));
  }

  #write(series: Series, now: number): void {
    series.written = series.count;
    series.lastWritten = now;
    const patch = { series: { count: series.count, lastObservedTime: microTime(this.#options.clock.wall()) } };
    const { namespace, name } = series;
    this.#enqueue((signal) => this.#options.api.mergePatch(EVENTS, { namespace, name, patch, signal }));
  }

  #object(draft: EventDraft): Draft<EventObject> {
    const { clock, random, reportingController, reportingInstance } = this.#options;
    this.#serial = (this.#serial + 1) % 0x10000;
    // The time in microseconds and the serial number distinguish the Events of this process; the random part
    // distinguishes processes.
    const time = Math.floor(clock.wall() * 1000).toString(16);
    const unique = `${time}${this.#serial.toString(16).padStart(4, '0')}${Math.floor(random() * 0x10000)
      .toString(16)
      .padStart(4, '0')}`;
    return {
      metadata: { namespace: eventNamespace(draft), name: eventName(draft.regarding.name, unique) },
      eventTime: microTime(clock.wall()),
      reportingController,
      reportingInstance: reportingInstance.slice(0, 128),
      ...draft,
      note: cutNote(draft.note),
    };
  }

  /** Forgets series that have ended. A series with repeats that were not yet written gets its final count. */
  #expire(now: number): void {
    for (const [key, series] of this.#series) {
      const isOver = now - series.lastSeen >= SERIES_MILLISECONDS;
      if (!isOver && this.#series.size < MOST_SERIES) return;
      this.#series.delete(key);
      if (series.count > series.written) this.#write(series, now);
    }
  }

  #enqueue(send: (signal: AbortSignal) => Promise<KubeResult<unknown>>): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    const { clock } = this.#options;
    this.#waiting.push(() => withDeadline(clock, REQUEST_MILLISECONDS, this.#stop.signal, send));
    this.#sending ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#send(next);
    this.#sending = undefined;
    if (this.#dropped > 0) this.#options.log.warn('events dropped', { events: this.#dropped });
    this.#dropped = 0;
  }

  async #send(request: () => Promise<KubeResult<unknown>>): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let failures = 1; ; failures += 1) {
      const result = await request();
      // AlreadyExists means that an earlier attempt succeeded and its answer was lost.
      if (result.ok || isAlreadyExists(result.error) || this.#stop.signal.aborted) return;
      if (!isTransient(result.error) || failures > MOST_RETRIES) {
        log.warn('event not written', facts(result.error));
        return;
      }
      await clock.sleep(backoffDelay(BACKOFF, failures, random), this.#stop.signal);
    }
  }
}

function facts(error: KubeError): Readonly<Record<string, unknown>> {
  // NotFound is expected for a series that outlives its Event (an hour by default), so the log omits the details.
  return isNotFound(error) ? { reason: error.reason } : { ...error };
}
