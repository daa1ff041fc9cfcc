/** Tells which nodes have an agent, by the heartbeat Leases in Stasis's own namespace. */
import { heartbeatLeaseName } from '../api/kinds.js';
import type { Clock } from '../kube/clock.js';
import type { Lease } from '../kube/lease.js';
import { isAlive, NO_SIGHTINGS, observeLeases, type LeaseSightings } from '../kube/lease-observer.js';
import type { Store } from '../kube/store.js';
import { keyOf } from '../kube/types.js';
import type { AgentState } from './observation.js';

export interface NodeAgentsOptions {
  readonly leases: Store<Lease>;
  /** The namespace of the Leases. */
  readonly namespace: string;
  readonly clock: Clock;
}

/**
 * How long an agent may be absent after it gave up its Lease, or after its Lease disappeared, before it counts as lost.
 * A rolling update needs seconds to start the next agent.
 */
const GRACE_MILLISECONDS = 40_000;
/**
 * When no Lease has changed for this long, this process is cut off from the API server. The leader renews a Lease of
 * its own in the same namespace every 2 s, so a working watch is never silent for that long.
 */
const BLIND_MILLISECONDS = 15_000;
/**
 * For this long after it began, a leader assumes that a node without a Lease will have an agent soon, because a fresh
 * installation starts controller and agents together. If no agent comes, the capture ends as NodeAgentLost; without the
 * assumption, captures would be refused that an agent could carry out a second later.
 */
const BEGINNING_MILLISECONDS = 15_000;

/**
 * Guarantee: an agent counts as Lost only when its Lease was not renewed for its whole duration while this process
 * could have seen a renewal. After an outage of the API server, in which no agent could renew, every agent has its full
 * time again.
 */
export class NodeAgents {
  readonly #options: NodeAgentsOptions;
  #sightings: LeaseSightings = NO_SIGHTINGS;
  /** Maps the name of a node to the moment since which its agent is Away. */
  readonly #away = new Map<string, number>();
  #heard: number;
  readonly #began: number;
  #lost: ReadonlySet<string> = new Set();

  constructor(options: NodeAgentsOptions) {
    this.#options = options;
    this.#heard = options.clock.monotonic();
    this.#began = this.#heard;
  }

  /** Call this for each change of a Lease in the namespace. */
  heard(): void {
    this.#notice();
    this.#heard = this.#options.clock.monotonic();
  }

  stateOf(nodeName: string): AgentState {
    const key = this.#keyOf(nodeName);
    const now = this.#options.clock.monotonic();
    // Look again before answering, so that an agent that has started since the last look is not refused.
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

  /** The nodes whose agents renewed their Lease in time; undefined while this process is cut off and cannot know. */
  alive(): ReadonlySet<string> | undefined {
    const now = this.#options.clock.monotonic();
    if (this.#isBlind(now)) return undefined;
    const prefix = heartbeatLeaseName('');
    const agents = this.#options.leases.list().filter(({ metadata }) => metadata.name.startsWith(prefix));
    const alive = agents.filter((lease) => isAlive(this.#sightings, keyOf(lease), now));
    return new Set(alive.map(({ metadata }) => metadata.name.slice(prefix.length)));
  }

  /**
   * Looks at the Leases, and returns those of the given nodes whose agents became Lost since the last call. Called
   * about once a second.
   */
  tick(nodeNames: readonly string[]): string[] {
    this.#notice();
    for (const nodeName of this.#away.keys()) if (!nodeNames.includes(nodeName)) this.#away.delete(nodeName);
    const lost = nodeNames.filter((nodeName) => this.stateOf(nodeName) === 'Lost');
    const before = this.#lost;
    this.#lost = new Set(lost);
    return lost.filter((nodeName) => !before.has(nodeName));
  }

  /**
   * Observes the current Leases. After an outage it forgets all earlier observations, which prove nothing about the
   * agents that are alive now.
   */
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

  /** The Lease has a holder that did not renew it in time. */
  #hasExpired(key: string): boolean {
    const holder = this.#options.leases.get(key)?.spec?.holderIdentity ?? '';
    return holder !== '' && this.#sightings.has(key);
  }

  #keyOf(nodeName: string): string {
    return `${this.#options.namespace}/${heartbeatLeaseName(nodeName)}`;
  }
}
