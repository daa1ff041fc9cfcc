/** The work of the leader: it fills the caches, follows changes, and works through the keys. */
import type { Clock } from '../kube/clock.js';
import type { KubeApi } from '../kube/api.js';
import type { Logger } from '../kube/log.js';
import type { KubeMetrics } from '../kube/metrics.js';
import type { Reflector } from '../kube/reflector.js';
import { keyOf } from '../kube/types.js';
import { WorkQueue, type QueueMetrics } from '../kube/work-queue.js';
import type { AgentCensus } from './agent-census.js';
import type { Caches } from './caches.js';
import { CheckpointMemory } from './checkpoint-memory.js';
import type { EventSink } from './checkpoint-event.js';
import { History } from './history.js';
import { namespaceOf } from './keys.js';
import { cleanUpLeases } from './lease-cleanup.js';
import type { ControllerMetrics } from './metrics.js';
import type { Settings } from './observation.js';
import { KeyedLock } from './pod-lock.js';
import { reconcile, type Reconciler } from './reconcile.js';
import { startWatches } from './watches.js';

export interface LeadOptions {
  readonly api: KubeApi;
  readonly settings: Settings;
  readonly workers: number;
  /** Empty at the start. Each leader fills them anew, so that no decision rests on what an earlier leader saw. */
  readonly caches: Caches;
  readonly census: AgentCensus;
  /** Name of the agents' DaemonSet in Stasis's own namespace. */
  readonly agentDaemonSet: string;
  /** How often the leader renews its Lease, in milliseconds. */
  readonly renewEvery: number;
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

/** How often the leader looks for what no change announces, such as an agent that became lost. */
const TICK_MILLISECONDS = 1000;
/** How often the leader looks for Checkpoints beyond the limit of the history, and forgets those that are gone. */
const SWEEP_MILLISECONDS = 10_000;

/** Leads until `signal` aborts. Resolves when the running visits have ended. */
export async function lead(options: LeadOptions, signal: AbortSignal): Promise<void> {
  const { api, settings, workers, caches, clock, random, log, events, metrics } = options;
  const { namespace } = settings;
  const queue = new WorkQueue({
    clock,
    random,
    metrics: options.queueMetrics,
    groupOf: namespaceOf,
    onError: (key, error) => log.error('unexpected exception, a defect of Stasis', { key, error }),
  });
  const wake = (keys: readonly string[], urgent = false): void => {
    for (const key of keys) queue.add(key, urgent);
  };
  const { agents, holds, leases, tick } = await startWatches({ ...options, namespace, wake }, signal);
  if (signal.aborted) return;
  log.info('caches are filled', { checkpoints: caches.checkpoints.size, podcaptures: caches.captures.size });
  const memory = new CheckpointMemory();
  const history = new History(settings.historyLimit);
  const reconciler: Omit<Reconciler, 'agents'> = {
    api,
    caches,
    memory,
    history,
    holds,
    settings,
    events,
    log,
    metrics,
    lock: new KeyedLock(),
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    onEnd: (labels) => metrics.checkpointEnded(labels),
  };
  const ticking = every(TICK_MILLISECONDS, tick, clock, signal);
  const sweep = (): void => {
    wake(history.sweep(caches.checkpoints.list()).map(keyOf));
    memory.keepOnly((uid) => caches.checkpoints.byIndex('uid', uid).length > 0);
  };
  const sweeping = every(SWEEP_MILLISECONDS, sweep, clock, signal);
  const cleaning = cleanUpLeases({ api, agents, leases, namespace, clock, log }, signal);
  const visit = (key: string) => {
    // A key that has to wait for an agent is visited again when that agent's state changes.
    const asking = { stateOf: (nodeName: string) => agents.stateOf(nodeName, key) };
    return reconcile({ ...reconciler, agents: asking }, key, signal);
  };
  await queue.run(workers, visit, signal);
  await Promise.all([ticking, sweeping, cleaning]);
}

async function every(milliseconds: number, work: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    work();
    await clock.sleep(milliseconds, signal);
  }
}
