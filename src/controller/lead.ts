/** The work of the leader: it fills the caches, follows changes, and works through the keys. */
import { LEASES, type Lease } from '../kube/lease.js';
import type { Clock } from '../kube/clock.js';
import type { KubeApi } from '../kube/api.js';
import type { Logger } from '../kube/log.js';
import type { KubeMetrics } from '../kube/metrics.js';
import { startReflector, type Reflector } from '../kube/reflector.js';
import { Store, type Change } from '../kube/store.js';
import { keyOf, type KubeObject, type Resource } from '../kube/types.js';
import { WorkQueue, type QueueMetrics } from '../kube/work-queue.js';
import { AGENT_PODS_SELECTOR, projectAgentPod, projectDaemonSet, type AgentCensus } from './agent-census.js';
import { NodeAgents } from './agents.js';
import { projectCapture, projectCheckpoint, type Caches } from './caches.js';
import { hasEnded } from './condition.js';
import type { EventSink } from './checkpoint-event.js';
import { HoldWatches } from './hold-watches.js';
import type { ControllerMetrics } from './metrics.js';
import type { Settings } from './observation.js';
import { KeyedLock } from './pod-lock.js';
import { reconcile, type Reconciler } from './reconcile.js';
import { AGENT_PODS, CHECKPOINT_RESOURCE, DAEMONSETS, PODCAPTURE_RESOURCE } from './resources.js';
import { keysOfCapture, keysOfCheckpoint, keysOfNode } from './wake.js';

export interface LeadOptions {
  readonly api: KubeApi;
  readonly settings: Settings;
  readonly workers: number;
  /** Empty at the start. Each leader fills them anew, so that no decision rests on what an earlier leader saw. */
  readonly caches: Caches;
  readonly census: AgentCensus;
  /** Name of the agents' DaemonSet in Stasis's own namespace. */
  readonly agentDaemonSet: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly events: EventSink;
  readonly metrics: ControllerMetrics;
  readonly queueMetrics: QueueMetrics;
  readonly kubeMetrics: KubeMetrics;
  /** Receives each reflector, for the liveness check. */
  readonly onReflector: (name: string, reflector: Reflector) => void;
}

interface Following<T extends KubeObject> {
  readonly namespace?: string;
  readonly project?: (object: T) => T;
}

/** How often the heartbeats are checked for agents that became lost. */
const TICK_MILLISECONDS = 1000;

/** Leads until `signal` aborts. Resolves when the running visits have ended. */
export async function lead(options: LeadOptions, signal: AbortSignal): Promise<void> {
  const { api, settings, workers, caches, census, clock, random, log, events, metrics, kubeMetrics, onReflector } =
    options;
  const queue = new WorkQueue({
    clock,
    random,
    metrics: options.queueMetrics,
    onError: (key, error) => log.error('unexpected exception, a defect of Stasis', { key, error }),
  });
  const wake = (keys: readonly string[]): void => {
    for (const key of keys) queue.add(key);
  };
  const follow = <T extends KubeObject>(
    resource: Resource<T>,
    store: Store<T>,
    handler: (change: Change<T>) => void,
    more: Following<T> = {},
  ): Reflector => {
    const watched = { metrics: kubeMetrics.reflector(resource.plural), clock, random, log, signal };
    const reflector = startReflector<T>({ api, resource, store, handler, ...watched, ...more });
    onReflector(resource.plural, reflector);
    return reflector;
  };
  const leases = new Store<Lease>();
  const agents = new NodeAgents({ leases, namespace: settings.namespace, clock });
  census.begin(agents);
  countAgents(options, signal);
  const holds = new HoldWatches({
    api,
    clock,
    random,
    log,
    signal,
    onChange: (captureKey) => {
      const object = caches.captures.get(captureKey);
      if (object !== undefined) wake(keysOfCapture(caches, { type: 'upsert', object }));
    },
  });
  // Checkpoints are listed before PodCaptures. So when a listed Checkpoint says that it was dispatched and the later
  // list lacks its PodCapture, that PodCapture is gone.
  const heartbeats = follow(LEASES, leases, () => agents.heard(), { namespace: settings.namespace });
  const checkpoints = follow(
    CHECKPOINT_RESOURCE,
    caches.checkpoints,
    (change) => wake(keysOfCheckpoint(caches, change)),
    {
      project: projectCheckpoint,
    },
  );
  await Promise.all([heartbeats.synced, checkpoints.synced]);
  const onCapture = (change: Change<Parameters<typeof projectCapture>[0]>): void => {
    holds.follow(keyOf(change.object), change.type === 'delete' ? undefined : change.object);
    wake(keysOfCapture(caches, change));
  };
  const captures = follow(PODCAPTURE_RESOURCE, caches.captures, onCapture, { project: projectCapture });
  await captures.synced;
  if (signal.aborted) return;
  log.info('caches are filled', { checkpoints: caches.checkpoints.size, podcaptures: caches.captures.size });
  const reconciler: Reconciler = {
    api,
    caches,
    agents,
    holds,
    settings,
    events,
    log,
    metrics,
    lock: new KeyedLock(),
    wall: () => clock.wall(),
    onEnd: (labels) => metrics.checkpointEnded(labels),
  };
  const ticking = tick({ agents, caches, census, wake, clock }, signal);
  await queue.run(workers, (key) => reconcile(reconciler, key, signal), signal);
  await ticking;
}

/**
 * Follows the DaemonSet and the pods of the agents for the metrics. Nothing else rests on them, so the liveness check
 * does not know these watches, and nothing waits for them.
 */
function countAgents(options: LeadOptions, signal: AbortSignal): void {
  const { api, settings, census, agentDaemonSet, clock, random, log, kubeMetrics } = options;
  const { namespace } = settings;
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

interface Ticking {
  readonly census: AgentCensus;
  readonly agents: NodeAgents;
  readonly caches: Caches;
  readonly wake: (keys: readonly string[]) => void;
  readonly clock: Clock;
}

/** Wakes the Checkpoints of an agent that became lost. No change announces that loss, so it takes a timer. */
async function tick({ agents, caches, census, wake, clock }: Ticking, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const running = caches.captures.list().filter(({ status }) => !hasEnded(status));
    for (const nodeName of agents.tick([...new Set(running.map(({ spec }) => spec.nodeName))])) {
      wake(keysOfNode(caches, nodeName));
    }
    census.tick();
    await clock.sleep(TICK_MILLISECONDS, signal);
  }
}
