/**
 * A queue of keys to work on, like client-go's workqueue. Each key is in the queue at most once, and never handled by
 * two workers at a time.
 */
import { DelayLine } from './delay-line.js';
import { backoffDelay, type Backoff } from './backoff.js';
import type { Clock } from './clock.js';
import { FairLine } from './fair-line.js';

/** The outcome of handling a key. A handler that rejects counts as 'retry'. */
export type WorkOutcome =
  /** Done. The failures of the key are forgotten. */
  | undefined
  /** Handle the key again, after a delay that doubles with every consecutive failure. */
  | 'retry'
  /** Done for now. Handle the key again after this time. */
  | { readonly afterMilliseconds: number }
  /** Done for now. Handle the key again once this promise has resolved. It never rejects. */
  | { readonly once: Promise<void> };

export interface QueueSnapshot {
  readonly depth: number;
  /** Sum over the keys that are being handled. */
  readonly unfinishedSeconds: number;
  readonly longestRunningSeconds: number;
}

export interface QueueMetrics {
  added(): void;
  /** Seconds from being added until a worker took the key. */
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
  /** Called once, at construction: `read` returns the current state. */
  observe(read: () => QueueSnapshot): void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  readonly metrics?: QueueMetrics;
  readonly backoff?: Backoff;
  /**
   * Returns the group of a key, for instance its namespace. The groups take turns, so that thousands of keys of one group
   * do not delay the keys of another. Default: all keys are one group.
   */
  readonly groupOf?: (key: string) => string;
  /** Called for every rejection of a handler. */
  readonly onError?: (key: string, error: unknown) => void;
}

/**
 * Conflicts between two writers resolve within the first few retries. A fault that needs a person is retried at most
 * once a minute.
 */
const DEFAULT_BACKOFF: Backoff = { baseMilliseconds: 50, maxMilliseconds: 60_000 };

/**
 * Guarantees: a key that is added while it is being handled is handled once more afterwards. Every added key is
 * handled, unless the queue is stopped first. The groups of the waiting keys take turns, and the keys of a group are taken
 * in the order in which they were added.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** The waiting keys. */
  readonly #queue: FairLine;
  /** Maps each key that is being handled to the moment at which it was taken. */
  readonly #working = new Map<string, number>();
  /** Maps each key that was added again while it is being handled to the moment of that addition. */
  readonly #again = new Map<string, { readonly moment: number; readonly urgent: boolean }>();
  readonly #failures = new Map<string, number>();
  readonly #delays: DelayLine;
  #idle: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#queue = new FairLine(options.groupOf ?? (() => ''));
    this.#delays = new DelayLine(options.clock, (key) => this.add(key));
    options.metrics?.observe(() => this.snapshot());
  }

  /** Does nothing for a key that already waits, except that it may become urgent: urgent keys of a group are taken first. */
  add(key: string, urgent = false): void {
    if (this.#queue.has(key)) {
      if (urgent) this.#queue.hurry(key);
      return;
    }
    const pending = this.#again.get(key);
    if (pending !== undefined) {
      if (urgent) this.#again.set(key, { ...pending, urgent });
      return;
    }
    this.#options.metrics?.added();
    const now = this.#options.clock.monotonic();
    if (this.#working.has(key)) {
      this.#again.set(key, { moment: now, urgent });
      return;
    }
    this.#queue.add(key, now, urgent);
    this.#idle.shift()?.();
  }

  /** When a key has several delays, the delay that ends first counts. */
  addAfter(key: string, milliseconds: number): void {
    if (milliseconds <= 0) this.add(key);
    else this.#delays.add(key, milliseconds);
  }

  /** Adds the key after a delay that grows with each call since the last `forget`. */
  addRateLimited(key: string): void {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    this.#options.metrics?.retried();
    this.addAfter(key, backoffDelay(this.#options.backoff ?? DEFAULT_BACKOFF, failures, this.#options.random));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  snapshot(): QueueSnapshot {
    const now = this.#options.clock.monotonic();
    const seconds = [...this.#working.values()].map((since) => (now - since) / 1000);
    return {
      depth: this.#queue.size,
      unfinishedSeconds: seconds.reduce((sum, each) => sum + each, 0),
      longestRunningSeconds: seconds.reduce((most, each) => Math.max(most, each), 0),
    };
  }

  /**
   * Works until `signal` aborts, then takes no further key and resolves when the running handlers have ended. Waiting
   * and delayed keys are dropped. Call it once per queue.
   */
  async run(
    workers: number,
    handler: (key: string, signal: AbortSignal) => Promise<WorkOutcome>,
    signal: AbortSignal,
  ): Promise<void> {
    const stop = (): void => {
      this.#delays.clear();
      for (const wake of this.#idle.splice(0)) wake();
    };
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all(Array.from({ length: workers }, () => this.#worker(handler, signal)));
    stop();
  }

  async #worker(
    handler: (key: string, signal: AbortSignal) => Promise<WorkOutcome>,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const key = this.#take();
      if (key === undefined) await new Promise<void>((resolve) => this.#idle.push(resolve));
      else this.#finish(key, await this.#attempt(key, handler, signal), signal);
    }
  }

  #take(): string | undefined {
    const next = this.#queue.take();
    if (next === undefined) return undefined;
    const now = this.#options.clock.monotonic();
    this.#working.set(next.key, now);
    this.#options.metrics?.waited((now - next.added) / 1000);
    return next.key;
  }

  async #attempt(
    key: string,
    handler: (key: string, signal: AbortSignal) => Promise<WorkOutcome>,
    signal: AbortSignal,
  ): Promise<WorkOutcome> {
    try {
      return await handler(key, signal);
    } catch (error) {
      this.#options.onError?.(key, error);
      return 'retry';
    }
  }

  #finish(key: string, outcome: WorkOutcome, signal: AbortSignal): void {
    const now = this.#options.clock.monotonic();
    this.#options.metrics?.worked((now - (this.#working.get(key) ?? now)) / 1000);
    this.#working.delete(key);
    const again = this.#again.get(key);
    this.#again.delete(key);
    if (again !== undefined) {
      this.#queue.add(key, again.moment, again.urgent);
      this.#idle.shift()?.();
    }
    if (outcome !== 'retry') this.forget(key);
    if (signal.aborted) return;
    if (outcome === undefined) return;
    if (outcome === 'retry') this.addRateLimited(key);
    else if ('once' in outcome) void outcome.once.then(() => this.add(key));
    else this.addAfter(key, outcome.afterMilliseconds);
  }
}
