/** Elects one leader among several candidates by a Lease, with the rules of client-go's leaderelection. */
import { linkAbort, withDeadline, type LinkedAbort } from './abort.js';
import type { KubeApi } from './api.js';
import type { Clock } from './clock.js';
import { leaderMove, releasedLease, viewLease, type LeaderView } from './leader-step.js';
import { LEASES, type Lease } from './lease.js';
import type { Logger } from './log.js';
import { isAlreadyExists, isConflict, isNotFound, type KubeError } from './result.js';

export interface LeaderTimings {
  /** How long the other candidates wait when they see no renewal. */
  readonly leaseSeconds: number;
  /**
   * A leader that cannot renew for this long gives up. Must be less than leaseSeconds, or two candidates could lead at
   * once.
   */
  readonly renewDeadlineSeconds: number;
  readonly retrySeconds: number;
}

export interface LeaderElectorOptions {
  readonly api: Pick<KubeApi, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Name of the Lease, and label of the metric. */
  readonly name: string;
  /** Unique per process, not only per pod: a process with the same identity would take the Lease for its own. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Does the leader's work until `signal` aborts. The Lease is given up only after the promise has resolved. */
  readonly onStartedLeading: (signal: AbortSignal) => Promise<void> | void;
  /** Called once for each onStartedLeading, when leading has ended, whether the Lease was lost or given up. */
  readonly onStoppedLeading: () => void;
  /** For the metric leader_election_master_status. */
  readonly onStatus?: (isLeader: boolean) => void;
  /** Default: 15, 10 and 2 s, as in client-go. */
  readonly timings?: LeaderTimings;
}

/** The defaults of client-go. */
const TIMINGS: LeaderTimings = { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 2 };
/**
 * The pause between attempts is extended by a random part, up to this factor of the pause, so that candidates that
 * started together do not keep asking together. client-go's JitterFactor.
 */
const JITTER = 1.2;

/**
 * Guarantee: at most one candidate believes that it leads, as long as two conditions hold. The monotonic clocks of the
 * machines run at about the same rate (they may differ by the ratio of renewDeadline to lease), and no process sleeps
 * between checking and acting for longer than the difference of the two times.
 *
 * A leader that has lost the Lease must end its work. A process that cannot do so should exit.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #timings: LeaderTimings;
  #view: LeaderView | undefined;
  #isLeader = false;
  #contact: number | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#timings = options.timings ?? TIMINGS;
  }

  /**
   * Monotonic milliseconds at which this process last read or wrote the Lease. Undefined before the first time. For the
   * readiness check.
   */
  lastContact(): number | undefined {
    return this.#contact;
  }

  /** The leader as last seen: undefined before the first look, '' when nobody leads. */
  leader(): string | undefined {
    return this.#view === undefined ? undefined : (this.#view.lease?.spec?.holderIdentity ?? '');
  }

  /**
   * Stands for election and leads once. Returns 'stopped' after `signal` aborted, and 'lost' when the Lease was lost;
   * the caller may then start again, or better exit. Never rejects.
   */
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
    // While the work still runs, the Lease must expire by itself: giving it up now could make a second leader.
    if (await this.#hasSettled(work, renewed)) await this.#release();
    onStoppedLeading();
    return lost ? 'lost' : 'stopped';
  }

  async #work(leading: LinkedAbort): Promise<true> {
    try {
      await this.#options.onStartedLeading(leading.signal);
    } catch (error) {
      this.#options.log.error('the leader failed', { error });
      // A leader that does nothing is worse than no leader: give up, so that another candidate can lead.
      leading.abort();
    }
    return true;
  }

  /** Renews until `signal` aborts or the deadline has passed. Returns the time of the last renewal. */
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

  /** Somebody else holds the Lease, so waiting for the deadline would not help. */
  #isTaken(): boolean {
    const holder = this.leader();
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  /** Waits for the leader's work to end, but no longer than this process certainly holds the Lease. */
  async #hasSettled(work: Promise<true>, renewed: number): Promise<boolean> {
    const { clock } = this.#options;
    const timer = new AbortController();
    const left = renewed + this.#timings.renewDeadlineSeconds * 1000 - clock.monotonic();
    const settled = await Promise.race([work, clock.sleep(left, timer.signal)]);
    timer.abort();
    return settled === true;
  }

  /**
   * Reads the Lease, and takes or renews it if possible. Returns the time right before the successful write. Every
   * other candidate sees the write later than that, and therefore counts the lease duration from a later time than this
   * process.
   */
  #tryOnce(parent: AbortSignal, withinMilliseconds: number): Promise<number | undefined> {
    return withDeadline(this.#options.clock, withinMilliseconds, parent, (signal) => this.#attempt(signal));
  }

  async #attempt(signal: AbortSignal): Promise<number | undefined> {
    const { api, clock, namespace, name, identity } = this.#options;
    // A leader knows the Lease from its own last write. If somebody changed it since, the resourceVersion makes the
    // write fail.
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
      this.#see(written.value);
      return before;
    }
    if (!isConflict(written.error) && !isAlreadyExists(written.error)) this.#failed('lease not written', written.error);
    // A lost answer looks like a lost race, so the leader reads the Lease before its next attempt. A candidate that
    // does not lead reads it anyway.
    if (this.#isLeader) await this.#look(signal);
    return undefined;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { api, namespace, name } = this.#options;
    const found = await api.get(LEASES, { namespace, name, signal });
    if (found.ok || isNotFound(found.error)) this.#see(found.ok ? found.value : undefined);
    else this.#failed('lease not read', found.error);
  }

  #see(lease: Lease | undefined): void {
    this.#contact = this.#options.clock.monotonic();
    this.#view = viewLease(this.#view, lease, this.#contact);
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
