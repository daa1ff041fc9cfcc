/** Records Events in a bounded queue, without ever delaying the work that they report. */
import { withDeadline } from './abort.js';
import type { KubeApi } from './api.js';
import { backoffDelay, type Backoff } from './backoff.js';
import type { Clock } from './clock.js';
import {
  cutNote,
  eventName,
  eventNamespace,
  EVENTS,
  objectKey,
  type EventDraft,
  type EventObject,
} from './event-object.js';
import type { Logger } from './log.js';
import { microTime } from './micro-time.js';
import { isAlreadyExists, isTransient } from './result.js';
import type { Draft } from './types.js';

export type { EventDraft, ObjectReference } from './event-object.js';

export interface EventRecorderOptions {
  readonly api: Pick<KubeApi, 'create'>;
  /** For instance 'stasis.dev/controller'. */
  readonly reportingController: string;
  /** For instance the name of the pod. At most 128 characters. */
  readonly reportingInstance: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Most Events that wait to be sent; further Events are dropped. 5,000 Checkpoints that end within a minute have 10,000
 * Events, of about 1 kB each. A process that produces more while the server is away helps nobody by sending them later.
 */
const MOST_WAITING = 10_000;
/** Most requests at a time. At 10 ms each, 10,000 Events take 25 s; the visits' own requests are never crowded out. */
const MOST_SENDING = 4;
const MOST_RETRIES = 3;
const BACKOFF: Backoff = { baseMilliseconds: 500, maxMilliseconds: 10_000 };
const REQUEST_MILLISECONDS = 10_000;

/**
 * Delivery is best effort: an Event may be lost, and no caller waits for it. Events about one object are sent one after
 * the other, in their order. Each call makes an Event of its own: nothing is counted as a series, because whatever Stasis
 * reports happens once per object.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  /** The waiting Events by object, oldest first. An object of which an Event is being sent has an entry, too. */
  readonly #waiting = new Map<string, Draft<EventObject>[]>();
  /** The objects that have waiting Events, and of which none is being sent. */
  readonly #ready: string[] = [];
  readonly #senders = new Set<Promise<void>>();
  #size = 0;
  #dropped = 0;
  #serial = 0;
  readonly #stop = new AbortController();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Returns without waiting for the request. */
  record(draft: EventDraft): void {
    if (this.#stop.signal.aborted) return;
    if (this.#size >= MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#size += 1;
    const key = objectKey(draft.regarding);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      this.#waiting.set(key, [this.#object(draft)]);
      this.#ready.push(key);
    } else waiting.push(this.#object(draft));
    if (this.#senders.size >= MOST_SENDING) return;
    const sender = this.#drain();
    this.#senders.add(sender);
    void sender.then(() => this.#ended(sender));
  }

  /** Sends the waiting Events, for at most the given time. Later calls of record() do nothing. */
  async close(withinMilliseconds: number): Promise<void> {
    const timer = new AbortController();
    const sent = Promise.all(this.#senders);
    await Promise.race([sent, this.#options.clock.sleep(withinMilliseconds, timer.signal)]);
    timer.abort();
    this.#stop.abort();
    this.#ready.length = 0;
    this.#waiting.clear();
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

  async #drain(): Promise<void> {
    for (let key = this.#ready.shift(); key !== undefined; key = this.#ready.shift()) {
      const waiting = this.#waiting.get(key) ?? [];
      const event = waiting.shift();
      if (event !== undefined) await this.#send(event);
      this.#size -= 1;
      if (waiting.length > 0) this.#ready.push(key);
      else this.#waiting.delete(key);
    }
  }

  #ended(sender: Promise<void>): void {
    this.#senders.delete(sender);
    if (this.#dropped > 0) this.#options.log.warn('events dropped', { events: this.#dropped });
    this.#dropped = 0;
  }

  async #send(event: Draft<EventObject>): Promise<void> {
    const { api, clock, random, log } = this.#options;
    for (let failures = 1; !this.#stop.signal.aborted; failures += 1) {
      const result = await withDeadline(clock, REQUEST_MILLISECONDS, this.#stop.signal, (signal) =>
        api.create(EVENTS, event, { signal }),
      );
      // AlreadyExists means that an earlier attempt succeeded and its answer was lost.
      if (result.ok || isAlreadyExists(result.error) || this.#stop.signal.aborted) return;
      if (!isTransient(result.error) || failures > MOST_RETRIES) {
        log.warn('event not written', { ...result.error });
        return;
      }
      await clock.sleep(backoffDelay(BACKOFF, failures, random), this.#stop.signal);
    }
  }
}
