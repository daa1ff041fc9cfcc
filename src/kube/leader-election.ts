/** One leader among several candidates, by a Lease, with the rules of client-go's leaderelection. */
import { linkAbort, withDeadline, type LinkedAbort } from './abort.js';
import type { KubeApi } from './api.js';
import type { Clock } from './clock.js';
import { leaderMove, releasedLease, viewLease, type LeaderView } from './leader-step.js';
import { LEASES } from './lease.js';
import type { Logger } from './log.js';
import { isAlreadyExists, isConflict, isNotFound, type KubeError } from './result.js';

export interface LeaderTimings {
  /** How long the others wait for a leader that they do not see renewing. */
  readonly leaseSeconds: number;
  /** After which a leader that cannot renew gives up; less than leaseSeconds, or two would lead. */
  readonly renewDeadlineSeconds: number;
  readonly retrySeconds: number;
}

export interface LeaderElectorOptions {
  readonly api: Pick<KubeApi, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Of the lease; also the label of the metric. */
  readonly name: string;
  /** Unique to this process, not only to this pod: whoever has the same one takes the lease for its own. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Does the leader's work until `signal` aborts; the lease is given up only after it has resolved. */
  readonly onStartedLeading: (signal: AbortSignal) => Promise<void> | void;
  /** Leading is over, whether it was lost or given up. Called once for each onStartedLeading. */
  readonly onStoppedLeading: () => void;
  /** leader_election_master_status. */
  readonly onStatus?: (isLeader: boolean) => void;
  /** Default 15, 10 and 2 s. */
  readonly timings?: LeaderTimings;
}

/** client-go's defaults. */
const TIMINGS: LeaderTimings = { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 2 };
/** client-go's JitterFactor: candidates that began together must not keep asking together. */
const JITTER = 1.2;

/**
 * Guarantee: at most one candidate believes to lead at a time, as long as monotonic clocks run alike (to renewDeadline :
 * lease) and no process sleeps between its check and its act for longer than the difference.
 * Caveat: a leader that has lost must end whatever it does; who cannot should exit.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #timings: LeaderTimings;
  #view: LeaderView | undefined;
  #isLeader = false;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#timings = options.timings ?? TIMINGS;
  }

  isLeader(): boolean {
    return this.#isLeader;
  }

  /** As last seen; undefined before the first look, '' when nobody leads. */
  leader(): string | undefined {
    return this.#view === undefined ? undefined : (this.#view.lease?.spec?.holderIdentity ?? '');
  }

  /** Stands for election, and leads once. 'stopped' by `signal`, or 'lost': then start anew, or better exit. Never rejects. */
  async run(signal: AbortSignal): Promise<'stopped' | 'lost'> {
    const { clock, random, log, onStatus } = this.#options;
    onStatus?.(false);
    let renewed: number | undefined;
    while (renewed === undefined && !signal.aborted) {
      renewed = await this.#tryOnce(signal, this.#timings.renewDeadlineSeconds * 1000);
      if (renewed === undefined) await clock.sleep(this.#timings.retrySeconds * 1000 * (1 + JITTER * random()), signal);
    }
    if (renewed === undefined) return 'stopped';
    log.info('leading', { lease: this.#options.name });
    return this.#lead(renewed, signal);
  }

  async #lead(acquired: number, signal: AbortSignal): Promise<'stopped' | 'lost'> {
    const { log, onStatus, onStoppedLeading } = this.#options;
    const leading = linkAbort(signal);
    this.#isLeader = true;
    onStatus?.(true);
    const work = this.#work(leading);
    const renewed = await this.#renew(acquired, leading.signal);
    const lost = !signal.aborted;
    this.#isLeader = false;
    onStatus?.(false);
    leading.abort();
    leading.dispose();
    if (lost) log.error('leadership lost', { lease: this.#options.name });
    // While its work goes on the lease must run out by itself: to give it up now would make two leaders.
    if (await this.#hasSettled(work, renewed)) await this.#release();
    onStoppedLeading();
    return lost ? 'lost' : 'stopped';
  }

  async #work(leading: LinkedAbort): Promise<true> {
    try {
      await this.#options.onStartedLeading(leading.signal);
    } catch (error) {
      this.#options.log.error('the leader failed', { error });
      // A leader that does nothing is worse than none.
      leading.abort();
    }
    return true;
  }

  /** Until the signal aborts or the deadline passes; returns when it was last renewed. */
  async #renew(acquired: number, signal: AbortSignal): Promise<number> {
    const { clock } = this.#options;
    const deadline = this.#timings.renewDeadlineSeconds * 1000;
    let renewed = acquired;
    while (!signal.aborted) {
      const left = renewed + deadline - clock.monotonic();
      if (left <= 0 || this.#isTaken()) break;
      await clock.sleep(Math.min(left, this.#timings.retrySeconds * 1000), signal);
      const remaining = renewed + deadline - clock.monotonic();
      if (remaining > 0) renewed = (await this.#tryOnce(signal, remaining)) ?? renewed;
    }
    return renewed;
  }

  /** Someone else holds the lease: no deadline makes it ours again. */
  #isTaken(): boolean {
    const holder = this.leader();
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  /** Waits for the leader's work to end, as long as the lease is certainly still ours. */
  async #hasSettled(work: Promise<true>, renewed: number): Promise<boolean> {
    const { clock } = this.#options;
    const timer = new AbortController();
    const left = renewed + this.#timings.renewDeadlineSeconds * 1000 - clock.monotonic();
    const settled = await Promise.race([work, clock.sleep(left, timer.signal)]);
    timer.abort();
    return settled === true;
  }

  /**
   * Looks and, if it can be had, takes or renews. Returns the moment before the write that succeeded: whoever sees it sees
   * it later, so counts from later than we do.
   */
  #tryOnce(parent: AbortSignal, withinMilliseconds: number): Promise<number | undefined> {
    return withDeadline(this.#options.clock, withinMilliseconds, parent, (signal) => this.#attempt(signal));
  }

  async #attempt(signal: AbortSignal): Promise<number | undefined> {
    const { api, clock, namespace, name, identity } = this.#options;
    // A leader knows the lease from its own last write; the resourceVersion catches whatever happened since.
    if (!this.#isLeader || this.#view?.lease === undefined) await this.#look(signal);
    const view = this.#view;
    if (view === undefined || signal.aborted) return undefined;
    const before = clock.monotonic();
    const candidate = { identity, leaseDurationSeconds: this.#timings.leaseSeconds };
    const move = leaderMove(view, candidate, before, clock.wall());
    if (move.kind === 'wait') return undefined;
    const written =
      move.kind === 'create'
        ? await api.create(LEASES, { metadata: { namespace, name }, spec: move.spec }, { signal })
        : await api.replace(LEASES, move.lease, { signal });
    if (written.ok) {
      this.#view = viewLease(view, written.value, clock.monotonic());
      return before;
    }
    if (!isConflict(written.error) && !isAlreadyExists(written.error)) this.#failed('lease not written', written.error);
    // A lost answer looks like a lost race: look before the next attempt. Without being the leader, that comes by itself.
    if (this.#isLeader) await this.#look(signal);
    return undefined;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { api, clock, namespace, name } = this.#options;
    const found = await api.get(LEASES, { namespace, name, signal });
    if (found.ok || isNotFound(found.error))
      this.#view = viewLease(this.#view, found.ok ? found.value : undefined, clock.monotonic());
    else this.#failed('lease not read', found.error);
  }

  async #release(): Promise<void> {
    const { api, clock, identity } = this.#options;
    const lease = this.#view?.lease;
    if (lease?.spec?.holderIdentity !== identity) return;
    const written = await withDeadline(clock, this.#timings.retrySeconds * 1000, undefined, (signal) =>
      api.replace(LEASES, releasedLease(lease, clock.wall()), { signal }),
    );
    if (!written.ok) this.#failed('lease not released', written.error);
  }

  #failed(message: string, error: KubeError): void {
    if (error.reason !== 'Aborted') this.#options.log.warn(message, { lease: this.#options.name, ...error });
  }
}
