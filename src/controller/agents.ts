/** Tells which nodes have an agent, by the heartbeat Leases in Stasis's own namespace, and wakes those who wait for one. */
import { heartbeatLeaseName } from '../api/kinds.js';
import type { Clock } from '../kube/clock.js';
import type { Lease } from '../kube/lease.js';
import type { Change } from '../kube/store.js';
import { judge, lostFrom, stepAgent, stepSight, type AgentRecord, type Sight } from './agent-liveness.js';
import type { AgentState } from './observation.js';

export interface NodeAgentsOptions {
  readonly clock: Pick<Clock, 'wall' | 'monotonic'>;
  /**
   * When no Lease has changed for this long, in milliseconds, this process is cut off from the API server, and knows
   * nothing. Longer than the leader's own renewals are apart; together with the agents' period of 10 s shorter than a
   * heartbeat lasts.
   */
  readonly blindAfter: number;
  /**
   * The state of the agent has changed, but not to Unknown. `askers` are the keys that asked while they had to wait; they
   * are told once.
   */
  readonly onChange: (nodeName: string, askers: readonly string[]) => void;
}

/** How long a question about a node without Lease is remembered, in milliseconds. */
const FORGET_MILLISECONDS = 600_000;
const PREFIX = heartbeatLeaseName('');

/**
 * Guarantee: an agent counts as Lost only when its Lease was not renewed for its whole duration while this process could
 * have seen a renewal. After an outage of the API server, in which no agent could renew, every agent has its full time
 * again. A change costs the same however many agents there are.
 */
export class NodeAgents {
  readonly #options: NodeAgentsOptions;
  #sight: Sight | undefined;
  /** By the name of the node. */
  readonly #records = new Map<string, AgentRecord>();
  /** The state that was last told, of each node that somebody is interested in. */
  readonly #told = new Map<string, AgentState>();
  /** By the name of the node: the keys that asked when its agent was neither Alive nor Lost. */
  readonly #askers = new Map<string, Set<string>>();

  constructor(options: NodeAgentsOptions) {
    this.#options = options;
  }

  /** Call this when the first list of the Leases is complete, and for each change of a Lease in the namespace. */
  heard(change?: Change<Lease>): void {
    const { clock, blindAfter } = this.#options;
    const now = clock.monotonic();
    this.#sight = stepSight(this.#sight, now, blindAfter);
    const nodeName = change === undefined ? undefined : nodeOf(change.object);
    if (change === undefined || nodeName === undefined) return;
    const lease = change.object;
    const event =
      change.type === 'delete' ? ({ kind: 'gone' } as const) : { kind: 'lease' as const, lease, wall: clock.wall() };
    this.#records.set(nodeName, stepAgent(this.#records.get(nodeName), event, now));
    if (this.#told.has(nodeName)) this.#review(nodeName);
  }

  /** `asker` is told by onChange when the agent is no longer as it is now, if it is neither Alive nor Lost. */
  stateOf(nodeName: string, asker?: string): AgentState {
    const now = this.#options.clock.monotonic();
    if (this.#sight !== undefined && !this.#records.has(nodeName))
      this.#records.set(nodeName, stepAgent(undefined, { kind: 'asked' }, now));
    const state = this.look(nodeName);
    this.#told.set(nodeName, state);
    if (asker !== undefined && state !== 'Alive' && state !== 'Lost') {
      const askers = this.#askers.get(nodeName) ?? new Set();
      this.#askers.set(nodeName, askers.add(asker));
    }
    return state;
  }

  /** The state as stateOf() tells it, for somebody who does nothing about it. */
  look(nodeName: string): AgentState {
    const { clock, blindAfter } = this.#options;
    return judge(this.#records.get(nodeName), this.#sight, clock.monotonic(), blindAfter);
  }

  /** The number of agents that are Alive. */
  get alive(): number {
    let alive = 0;
    for (const nodeName of this.#records.keys()) if (this.look(nodeName) === 'Alive') alive += 1;
    return alive;
  }

  /**
   * Looks for changes that only time brings. `running` are the nodes that carry out a capture. Called about once a second.
   */
  tick(running: ReadonlySet<string>): void {
    for (const nodeName of this.#told.keys())
      if (!running.has(nodeName) && !this.#askers.has(nodeName)) this.#told.delete(nodeName);
    for (const nodeName of new Set([...running, ...this.#askers.keys()])) this.#review(nodeName);
    this.#forget();
  }

  /** The nodes whose Leases have been expired for so many milliseconds, in the sight of this process. */
  expired(milliseconds: number): string[] {
    const sight = this.#sight;
    if (sight === undefined) return [];
    const isOld = (record: AgentRecord): boolean =>
      record.kind === 'leased' && sight.heard - lostFrom(record, sight) > milliseconds;
    const old = [...this.#records].filter(([, record]) => isOld(record)).map(([nodeName]) => nodeName);
    return old.filter((nodeName) => this.look(nodeName) === 'Lost');
  }

  #review(nodeName: string): void {
    const before = this.#told.get(nodeName);
    const state = this.look(nodeName);
    this.#told.set(nodeName, state);
    if (state === before || state === 'Unknown' || (before === undefined && state === 'Alive')) return;
    const askers = [...(this.#askers.get(nodeName) ?? [])];
    this.#askers.delete(nodeName);
    this.#options.onChange(nodeName, askers);
  }

  /** A node that never had a Lease is remembered as long as somebody may ask again. */
  #forget(): void {
    const now = this.#options.clock.monotonic();
    for (const [nodeName, record] of this.#records) {
      const idle = !this.#told.has(nodeName) && record.kind === 'none';
      if (idle && now - record.since > FORGET_MILLISECONDS) this.#records.delete(nodeName);
    }
  }
}

/** Returns undefined for a Lease that is no agent's. */
function nodeOf({ metadata: { name } }: Lease): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}
