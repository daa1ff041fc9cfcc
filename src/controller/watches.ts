/** All watches of the leader, and which keys each change wakes. */
import { hasEnded } from '../api/conditions.js';
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import type { Clock } from '../kube/clock.js';
import type { KubeApi } from '../kube/api.js';
import { LEASES, type Lease } from '../kube/lease.js';
import type { Logger } from '../kube/log.js';
import type { KubeMetrics } from '../kube/metrics.js';
import { startReflector, type Reflector, type ReflectorOptions } from '../kube/reflector.js';
import { Store, type Change } from '../kube/store.js';
import { keyOf, type KubeObject } from '../kube/types.js';
import { AGENT_PODS_SELECTOR, projectAgentPod, projectDaemonSet, type AgentCensus } from './agent-census.js';
import { NodeAgents } from './agents.js';
import { projectCapture, projectCheckpoint, type Caches } from './caches.js';
import { HoldWatches } from './hold-watches.js';
import { NextInLine } from './next-in-line.js';
import { AGENT_PODS, CHECKPOINT_RESOURCE, DAEMONSETS, PODCAPTURE_RESOURCE } from './resources.js';
import { keysOfCapture, keysOfCheckpoint, keysOfNode, podFreedByCapture, podFreedByCheckpoint } from './wake.js';

export interface WatchesOptions {
  readonly api: Pick<KubeApi, 'list' | 'watch'>;
  /** Stasis's own namespace. */
  readonly namespace: string;
  /** Empty at the start. */
  readonly caches: Caches;
  readonly census: AgentCensus;
  /** Name of the agents' DaemonSet in Stasis's own namespace. */
  readonly agentDaemonSet: string;
  /** How often the leader renews its Lease, in milliseconds, which this process sees through its watch of the Leases. */
  readonly renewEvery: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly kubeMetrics: Pick<KubeMetrics, 'reflector'>;
  /** Receives each reflector, for the liveness check. */
  readonly onReflector: (name: string, reflector: Reflector) => void;
  /** What an agent reports is urgent: captures end, and pods become free, before further Checkpoints are looked at. */
  readonly wake: (keys: readonly string[], urgent?: boolean) => void;
}

export interface Watches {
  readonly agents: NodeAgents;
  readonly holds: HoldWatches;
  readonly leases: Store<Lease>;
  /** Looks for what no change announces. Called about once a second. */
  readonly tick: () => void;
}

/** A renewal of the leader's Lease takes up to a few seconds, and a lost one is repeated after one period. */
const SILENT_PERIODS = 5;
const SHORTEST_SILENCE_MILLISECONDS = 10_000;
const LONGEST_SILENCE_MILLISECONDS = 20_000;
/**
 * This process counts as cut off when the watch of the Leases was silent for so long, in silences: a broken watch is opened
 * again after one silence, and a server that answers then has cost no sight.
 */
const BLIND_SILENCES = 1.5;
/** At most so many milliseconds: with the agents' period of 10 s, less than the 40 s that a heartbeat lasts. */
const LONGEST_BLIND_MILLISECONDS = 25_000;

/** Resolves when all caches are filled, or `signal` has aborted. */
export async function startWatches(options: WatchesOptions, signal: AbortSignal): Promise<Watches> {
  const { api, namespace, caches, census, clock, random, log, kubeMetrics, onReflector, wake } = options;
  const common = { api, clock, random, log, signal };
  const follow = <T extends KubeObject>(
    more: Pick<ReflectorOptions<T>, 'resource' | 'store' | 'handler'> & Partial<ReflectorOptions<T>>,
  ): Reflector => {
    const metrics = kubeMetrics.reflector(more.resource.plural);
    const reflector = startReflector<T>({ ...common, metrics, ...more });
    onReflector(more.resource.plural, reflector);
    return reflector;
  };
  const silence = silenceOf(options.renewEvery);
  const leases = new Store<Lease>();
  const agents = new NodeAgents({
    clock,
    blindAfter: Math.min(silence * BLIND_SILENCES, LONGEST_BLIND_MILLISECONDS),
    onChange: (nodeName, askers) => wake([...askers, ...keysOfNode(caches, nodeName)]),
  });
  census.begin(agents);
  countAgents(options, signal);
  const holds = new HoldWatches({
    ...common,
    onChange: (captureKey) => {
      const object = caches.captures.get(captureKey);
      if (object !== undefined) wake(keysOfCapture(caches, { type: 'upsert', object }), true);
    },
  });
  const heartbeats = follow<Lease>({
    resource: LEASES,
    namespace,
    store: leases,
    handler: (change) => agents.heard(change),
    silenceMilliseconds: silence,
  });
  void begin(heartbeats, agents);
  const next = new NextInLine(caches, wake);
  // Checkpoints are listed before PodCaptures. So when a listed Checkpoint says that it was dispatched and the later
  // list lacks its PodCapture, that PodCapture is gone.
  const checkpoints = follow({
    resource: CHECKPOINT_RESOURCE,
    store: caches.checkpoints,
    handler: (change: Change<Checkpoint>) => {
      wake(keysOfCheckpoint(caches, change));
      next.freed(podFreedByCheckpoint(change));
    },
    project: projectCheckpoint,
  });
  await Promise.all([heartbeats.synced, checkpoints.synced]);
  const captures = follow({
    resource: PODCAPTURE_RESOURCE,
    store: caches.captures,
    handler: (change: Change<PodCapture>) => {
      holds.follow(keyOf(change.object), change.type === 'delete' ? undefined : change.object);
      wake(keysOfCapture(caches, change), true);
      next.freed(podFreedByCapture(change), true);
    },
    project: projectCapture,
  });
  await captures.synced;
  return {
    agents,
    holds,
    leases,
    tick: () => {
      const running = caches.captures.list().filter(({ status }) => !hasEnded(status));
      agents.tick(new Set(running.map(({ spec }) => spec.nodeName)));
      census.tick();
    },
  };
}

/** A list without any change, even an empty list, is a sight of the Leases, too. */
async function begin(heartbeats: Reflector, agents: NodeAgents): Promise<void> {
  await heartbeats.synced;
  if (heartbeats.hasSynced()) agents.heard();
}

/** How long the watch of the Leases may be silent before it is opened again, in milliseconds. */
function silenceOf(renewEvery: number): number {
  const silence = renewEvery * SILENT_PERIODS;
  return Math.min(LONGEST_SILENCE_MILLISECONDS, Math.max(SHORTEST_SILENCE_MILLISECONDS, silence));
}

/**
 * Follows the DaemonSet and the pods of the agents for the metrics. Nothing else rests on them, so the liveness check
 * does not know these watches, and nothing waits for them.
 */
function countAgents(options: WatchesOptions, signal: AbortSignal): void {
  const { api, namespace, census, agentDaemonSet, clock, random, log, kubeMetrics } = options;
  const common = { api, namespace, handler: () => undefined, clock, random, log, signal };
  startReflector({
    ...common,
    resource: DAEMONSETS,
    fieldSelector: `metadata.name=${agentDaemonSet}`,
    store: census.daemonSets,
    project: projectDaemonSet,
    metrics: kubeMetrics.reflector(DAEMONSETS.plural),
  });
  startReflector({
    ...common,
    resource: AGENT_PODS,
    labelSelector: AGENT_PODS_SELECTOR,
    store: census.pods,
    project: projectAgentPod,
    metrics: kubeMetrics.reflector(AGENT_PODS.plural),
  });
}
