/** Which nodes have an agent, by the heartbeat leases in Stasis's own namespace. */
import { heartbeatLeaseName } from '../api/kinds.js';
import type { Clock } from '../kube/clock.js';
import type { Lease } from '../kube/lease.js';
import { isAlive, NO_SIGHTINGS, observeLeases, type LeaseSightings } from '../kube/lease-observer.js';
import type { Store } from '../kube/store.js';
import type { AgentState } from './observation.js';

export interface AgentsOptions {
  readonly leases: Store<Lease>;
  /** Where the leases are. */
  readonly namespace: string;
  readonly clock: Clock;
}

/** For an agent that gave its lease up, or whose lease is gone: a rolling update takes seconds to bring the next one. */
const GRACE_MILLISECONDS = 40_000;
/**
 * With no news of any lease for so long we are the ones who are cut off. The leader renews a lease of its own in the same namespace
 * every 2 s, so the watch is never quiet that long while it works.
 */
const BLIND_MILLISECONDS = 15_000;
/**
 * A fresh installation starts controller and agents together. So a leader that has just begun takes a node that never had an agent for one
 * whose agent is about to come: a capture that nobody takes then ends as NodeAgentLost, instead of being refused a second too early.
 */
const BEGINNING_MILLISECONDS = 15_000;

/**
 * Guarantee: an agent is Lost only when its lease was not renewed for the whole of its duration while we were able to see it.
 * After an outage of the API server, in which nobody could renew anything, every agent has its full time again.
 */
export class Agents {
  readonly #options: AgentsOptions;
  #sightings: LeaseSightings = NO_SIGHTINGS;
  /** Node names with the moment since which they are Away. */
  readonly #away = new Map<string, number>();
  #heard: number;
  readonly #began: number;
  #lost: ReadonlySet<string> = new Set();

  constructor(options: AgentsOptions) {
    this.#options = options;
    this.#heard = options.clock.monotonic();
    this.#began = this.#heard;
  }

  /** To be called for each change of any lease in the namespace. */
  heard(): void {
    this.#notice();
    this.#heard = this.#options.clock.monotonic();
  }

  stateOf(nodeName: string): AgentState {
    const key = this.#keyOf(nodeName);
    const now = this.#options.clock.monotonic();
    // One that has come since the last look must not be refused for a second.
    if (!isAlive(this.#sightings, key, now)) this.#notice();
    if (isAlive(this.#sightings, key, now)) {
      this.#away.delete(nodeName);
      return 'Alive';
    }
    if (this.#isBlind(now)) return 'Away';
    if (this.#hasExpired(key)) return 'Lost';
    if (now - this.#began < BEGINNING_MILLISECONDS && !this.#hasLease(key)) return 'Alive';
    const since = this.#away.get(nodeName) ?? now;
    this.#away.set(nodeName, since);
    return now - since > GRACE_MILLISECONDS ? 'Lost' : 'Away';
  }

  /** Looks at the leases; returns those of the given nodes that have become Lost since the last time. About once a second. */
  tick(nodeNames: readonly string[]): string[] {
    this.#notice();
    for (const nodeName of this.#away.keys()) if (!nodeNames.includes(nodeName)) this.#away.delete(nodeName);
    const lost = nodeNames.filter((nodeName) => this.stateOf(nodeName) === 'Lost');
    const before = this.#lost;
    this.#lost = new Set(lost);
    return lost.filter((nodeName) => !before.has(nodeName));
  }

  /** Also the end of an outage: what was seen before it proves nothing about who lives now. */
  #notice(): void {
    const { leases, clock } = this.#options;
    const now = clock.monotonic();
    if (this.#isBlind(now)) {
      this.#sightings = NO_SIGHTINGS;
      this.#away.clear();
      return;
    }
    this.#sightings = observeLeases(this.#sightings, leases.list(), now);
  }

  #isBlind(now: number): boolean {
    return now - this.#heard > BLIND_MILLISECONDS;
  }

  #hasLease(key: string): boolean {
    return this.#options.leases.get(key) !== undefined;
  }

  /** It has a holder who did not renew in time. */
  #hasExpired(key: string): boolean {
    const holder = this.#options.leases.get(key)?.spec?.holderIdentity ?? '';
    return holder !== '' && this.#sightings.has(key);
  }

  #keyOf(nodeName: string): string {
    return `${this.#options.namespace}/${heartbeatLeaseName(nodeName)}`;
  }
}
