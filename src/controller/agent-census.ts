/** Counts the node agents for the metrics: how many there should be, how many are seen, and which are missing. */
import type { Clock } from '../kube/clock.js';
import { Store } from '../kube/store.js';
import type { ObjectMeta } from '../kube/types.js';
import type { AgentState } from './observation.js';
import { nodeOfAgentPod, type AgentPod, type DaemonSet } from './resources.js';

/** The questions that the census asks about heartbeats. */
export interface HeartbeatFacts {
  look(nodeName: string): AgentState;
  /** The number of agents that are Alive. */
  readonly alive: number;
}

export interface MissingAgent {
  readonly nodeName: string;
  /** Since when, by this process's clock, in seconds. */
  readonly seconds: number;
}

/** The labels of the agents' pods, as the chart sets them. */
export const AGENT_PODS_SELECTOR = 'app.kubernetes.io/component=node-agent';

/**
 * Only the leader counts. A node should have an agent when the DaemonSet has made a pod for it, whatever became of that
 * pod.
 */
export class AgentCensus {
  readonly daemonSets = new Store<DaemonSet>();
  readonly pods = new Store<AgentPod>();
  readonly #clock: Clock;
  /** Maps the name of a node to the monotonic milliseconds at which its agent was first missed. */
  #missedSince: ReadonlyMap<string, number> = new Map();
  #agents: HeartbeatFacts | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** This process leads from now on. */
  begin(agents: HeartbeatFacts): void {
    this.#agents = agents;
  }

  /** Looks for missing agents; called about once a second. While nobody can know of an agent, nothing changes for it. */
  tick(): void {
    const agents = this.#agents;
    if (agents === undefined) return;
    const now = this.#clock.monotonic();
    const owners = new Set(this.daemonSets.list().map(({ metadata }) => metadata.uid));
    const made = this.pods
      .list()
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => owners.has(uid)));
    const wanted = new Set(made.flatMap((pod) => nodeOfAgentPod(pod) ?? []));
    const missing = [...wanted].filter((nodeName) => {
      const state = agents.look(nodeName);
      return state === 'Unknown' ? this.#missedSince.has(nodeName) : state !== 'Alive';
    });
    this.#missedSince = new Map(missing.map((nodeName) => [nodeName, this.#missedSince.get(nodeName) ?? now]));
  }

  /** The number of nodes that should have an agent, as the DaemonSet's controller counts them. */
  get expected(): number {
    return this.daemonSets.list().reduce((sum, { status }) => sum + (status?.desiredNumberScheduled ?? 0), 0);
  }

  get seen(): number {
    return this.#agents?.alive ?? 0;
  }

  get missing(): readonly MissingAgent[] {
    const now = this.#clock.monotonic();
    return [...this.#missedSince].map(([nodeName, since]) => ({ nodeName, seconds: (now - since) / 1000 }));
  }
}

/** Keeps what the census reads of an agent's pod. */
export function projectAgentPod({ apiVersion, kind, metadata, spec }: AgentPod): AgentPod {
  const { nodeName, affinity } = spec;
  return {
    apiVersion,
    kind,
    metadata: { ...identity(metadata), ownerReferences: metadata.ownerReferences ?? [] },
    spec: { ...(nodeName === undefined ? {} : { nodeName }), ...(affinity === undefined ? {} : { affinity }) },
  };
}

/** Keeps what the census reads of a DaemonSet. */
export function projectDaemonSet({ apiVersion, kind, metadata, status }: DaemonSet): DaemonSet {
  return { apiVersion, kind, metadata: identity(metadata), ...(status === undefined ? {} : { status }) };
}

function identity({ name, namespace, uid, resourceVersion, creationTimestamp }: ObjectMeta): ObjectMeta {
  return { name, uid, resourceVersion, creationTimestamp, ...(namespace === undefined ? {} : { namespace }) };
}
