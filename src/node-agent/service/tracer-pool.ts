/**
 * Keeps tracing threads, one per running capture. One thread is always ready, so that a capture need not wait for the
 * start and the practice of a thread. Further threads are started on demand and closed after some idle time, because
 * each takes 35 MB of memory after its practice, two thirds of it V8's heap (Node 20.20, Linux 6.18, average of 8 threads).
 *
 * A thread that holds a pod takes as much, and next to no CPU. So the pool has as many threads as there are slots and holds
 * together at the most: 4 slots and 8 holds are 420 MB beside the 80 MB of the agent itself.
 */
import type { Clock } from '../../kube/clock.js';
import type { Logger } from '../../kube/log.js';
import { failure, type Failure } from '../pure/failure.js';
import type { Tracer } from '../tracer/tracer.js';

export interface TracerPoolParts {
  /** Starts a thread; resolves when the thread has practised. */
  readonly start: () => Promise<Tracer>;
  /** Returns undefined when the rehearsal passed, otherwise why this machine cannot capture. */
  readonly rehearse: (tracer: Tracer) => Promise<Failure | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A thread of the pool together with its state. */
export interface PooledTracer {
  readonly tracer: Tracer;
  idleSince: number;
}

/** How far the proof is that this machine can capture. `Failed` may become `Passed`: a failed rehearsal is repeated. */
export const REHEARSAL_STATES = ['Passed', 'Failed', 'Pending'] as const;
export type RehearsalState = (typeof REHEARSAL_STATES)[number];

export type Acquired =
  { readonly ok: true; readonly pooled: PooledTracer } | { readonly ok: false; readonly failure: Failure };

/** Surplus threads are closed after this idle time. */
const IDLE_MILLISECONDS = 60_000;

export class TracerPool {
  readonly #parts: TracerPoolParts;
  readonly #idle: PooledTracer[] = [];
  readonly #closing = new AbortController();
  #warming: Promise<Failure | undefined> | undefined;
  #isClosingSurplus = false;
  /** Resolves when the last look has ended. */
  #looking: Promise<unknown> = Promise.resolve();
  /** A rehearsal has passed, so this machine can capture, and nothing is rehearsed any more. */
  #proved = false;
  #unfit: Failure | undefined;

  constructor(parts: TracerPoolParts) {
    this.#parts = parts;
  }

  /** Why the last thread could not be made ready; undefined when it could. */
  get unfit(): Failure | undefined {
    return this.#unfit;
  }

  get rehearsal(): RehearsalState {
    if (this.#unfit !== undefined) return 'Failed';
    return this.#proved ? 'Passed' : 'Pending';
  }

  /** Whether a thread is ready. */
  get isWarm(): boolean {
    return this.#idle.length > 0;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Makes a thread ready unless one is. Resolves to the reason when that fails. */
  async warm(): Promise<Failure | undefined> {
    if (this.isWarm) return undefined;
    this.#warming ??= this.#make().then((made) => {
      this.#warming = undefined;
      if (made.ok) this.#put(made.pooled);
      return made.ok ? undefined : made.failure;
    });
    return await this.#warming;
  }

  /** Returns the thread that was used last, or starts a new one. */
  async acquire(): Promise<Acquired> {
    if (!this.isWarm && this.#warming !== undefined) await this.#warming;
    const pooled = this.#idle.pop();
    return pooled === undefined ? await this.#make() : { ok: true, pooled };
  }

  /** Takes a thread back. */
  release(pooled: PooledTracer): void {
    this.#put(pooled);
  }

  /**
   * Lends a thread that only looks for cgroups. It need not have passed the rehearsal: a machine that cannot capture, for
   * want of a guard perhaps, can tell all the same what an earlier agent has left. A thread that is started for a look is
   * closed after it, so no capture ever runs on it. One look at a time, because the agent's start may ask for many.
   * Rejects when no thread can be started, and when `work` rejects.
   */
  async look<T>(work: (tracer: Pick<Tracer, 'resolve'>) => Promise<T>): Promise<T> {
    const turn = this.#looking.then(async () => await this.#lookNow(work));
    this.#looking = turn.catch(() => undefined);
    return await turn;
  }

  async #lookNow<T>(work: (tracer: Pick<Tracer, 'resolve'>) => Promise<T>): Promise<T> {
    const pooled = this.#idle.pop();
    const tracer = pooled?.tracer ?? (await this.#parts.start());
    try {
      return await work(tracer);
    } finally {
      if (pooled === undefined) await tracer.close();
      else this.#put(pooled);
    }
  }

  /** Closes the idle threads, and from now on every thread that is returned. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#warming;
    await Promise.all(this.#idle.splice(0).map(async ({ tracer }) => await tracer.close()));
  }

  async #make(): Promise<Acquired> {
    let tracer: Tracer;
    try {
      tracer = await this.#parts.start();
    } catch (error) {
      this.#unfit = unfit(error);
      return { ok: false, failure: this.#unfit };
    }
    this.#unfit = this.#proved ? undefined : await this.#rehearse(tracer);
    if (this.#unfit === undefined) return { ok: true, pooled: { tracer, idleSince: 0 } };
    await tracer.close();
    return { ok: false, failure: this.#unfit };
  }

  async #rehearse(tracer: Tracer): Promise<Failure | undefined> {
    const refusal = await this.#parts.rehearse(tracer).catch(unfit);
    this.#proved = refusal === undefined;
    if (refusal !== undefined) this.#parts.log.error('rehearsal failed', { ...refusal });
    return refusal;
  }

  #put(pooled: PooledTracer): void {
    if (this.#closing.signal.aborted) {
      void pooled.tracer.close();
      return;
    }
    // A thread that is ready proves that threads can be made, whatever became of an earlier attempt.
    if (this.#proved) this.#unfit = undefined;
    pooled.idleSince = this.#parts.clock.monotonic();
    this.#idle.push(pooled);
    if (!this.#isClosingSurplus) void this.#closeSurplus();
  }

  /**
   * Closes each thread but one when its idle time is over. One sleep at a time: hundreds of captures a minute would otherwise
   * leave hundreds of timers, and Node prints a warning about a leak from the eleventh listener of a signal on.
   */
  async #closeSurplus(): Promise<void> {
    this.#isClosingSurplus = true;
    // The thread that was used last is at the end of the list, and stays.
    while (this.#idle.length > 1 && !this.#closing.signal.aborted) {
      const [oldest] = this.#idle;
      const left = (oldest?.idleSince ?? 0) + IDLE_MILLISECONDS - this.#parts.clock.monotonic();
      if (left > 0) {
        await this.#parts.clock.sleep(left, this.#closing.signal);
        continue;
      }
      this.#idle.shift();
      await oldest?.tracer.close();
    }
    this.#isClosingSurplus = false;
  }
}

function unfit(error: unknown): Failure {
  return failure('HostUnfit', `no usable tracing thread: ${error instanceof Error ? error.message : String(error)}`);
}
