/**
 * The node agent: it watches the PodCaptures of this node, claims them, carries them out, and reports the result.
 *
 * ```
 * reflector ─► store ─► captures.look() ─► next-step ─► claim ─► carry-out ─► deliver
 * ```
 *
 * All dependencies are passed in, so that the whole agent can run in a unit test.
 */
import { setMaxListeners } from 'node:events';
import type { Registry } from 'prom-client';
import { heartbeatLeaseName, type PodCapture } from '../../api/kinds.js';
import { after } from '../../kube/abort.js';
import type { KubeApi, LeaseApi } from '../../kube/api.js';
import type { Clock } from '../../kube/clock.js';
import { startHeartbeat } from '../../kube/heartbeat.js';
import { createHttpServer } from '../../kube/http-server.js';
import type { Logger } from '../../kube/log.js';
import type { KubeMetrics } from '../../kube/metrics.js';
import { MetricsAccess } from '../../kube/metrics-access.js';
import { serveMetrics, type SecureMetrics } from '../../kube/metrics-server.js';
import { processMetrics } from '../../kube/process-metrics.js';
import { startReflector } from '../../kube/reflector.js';
import { Store } from '../../kube/store.js';
import { keyOf } from '../../kube/types.js';
import { Artifacts } from './artifacts.js';
import { CAPTURES, project } from './captured-object.js';
import { artifactCommand } from './artifact-command.js';
import { Captures } from './captures.js';
import type { CapturesParts } from './captures-parts.js';
import type { DiskGate } from './disk-gate.js';
import { keepFence, mayHoldFor, RENEWALS } from './fence.js';
import type { GuardKeeper } from './guard-keeper.js';
import { liveness, readiness, type HealthFacts } from './health.js';
import { keepMemoryLow } from './idle-memory.js';
import { agentMetrics } from './metrics.js';
import { Recoveries } from './recoveries.js';
import { TracerPool, type TracerPoolParts } from './tracer-pool.js';

export interface AgentOptions {
  readonly nodeName: string;
  /** Stasis's own namespace, which contains the agent's Lease. */
  readonly namespace: string;
  /** UID of the agent's pod. It identifies this agent in claims and in its Lease. */
  readonly podUID: string;
  /** Folder of the artifacts. */
  readonly artifacts: string;
  /** Size of all artifacts from which on no capture begins, in bytes. */
  readonly artifactsLimitBytes: number;
  /** Port of the HTTP server. 0: the kernel chooses a port. */
  readonly port: number;
  /** Absent: the metrics are served on `port`. */
  readonly secureMetrics?: SecureMetrics;
  /** Most captures at a time. A capture that holds its pod does not count. */
  readonly maxConcurrentCaptures: number;
  /** Most pods that are held at a time. */
  readonly maxConcurrentHolds: number;
  /** The pause that the installation aims at, in seconds: a metric, for dashboards and alerts. */
  readonly pauseBudgetSeconds: number;
  /** Mount point of the host's procfs. */
  readonly proc: string;
}

export interface AgentParts
  extends Pick<CapturesParts, 'resolve' | 'readCmdlines' | 'die'>, Pick<TracerPoolParts, 'start' | 'rehearse'> {
  readonly api: KubeApi;
  readonly gate: DiskGate;
  /** Carries the heartbeat, which must not wait behind reports. */
  readonly leaseApi: Pick<LeaseApi, 'apply'>;
  /** The agent closes it when it has ended. */
  readonly guard: GuardKeeper;
  readonly metrics: KubeMetrics;
  readonly registry: Registry;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Runs a full garbage collection. Absent when Node does not offer one. */
  readonly collect?: () => void;
  /** Called with the port once the HTTP server listens. */
  readonly onListening?: (port: number) => void;
}

/**
 * How long reports may take once the agent is told to stop. A pod has 30 s to end; the rest is for closing the threads
 * and ending the heartbeat.
 */
const REPORTS_WITHIN_MS = 12_000;
/** How often a failed rehearsal is repeated. */
const RETRY_REHEARSAL_MS = 60_000;
/** How often the guard is looked for when a rehearsal failed for want of a guard. */
const RETRY_GUARD_MS = 500;

/**
 * Runs until `signal` aborts, and resolves within 20 s after that. By then everything is released, and also reported
 * unless the API server is away.
 */
export async function runAgent(options: AgentOptions, parts: AgentParts, signal: AbortSignal): Promise<void> {
  const { api, clock, random, log, metrics, guard, gate } = parts;
  const stopped = new AbortController();
  const lastCall = new AbortController();
  // Each capture and each report listens to these. Node would warn of a leak from eleven listeners on, in plain text.
  setMaxListeners(0, signal, stopped.signal, lastCall.signal);
  const store = new Store<PodCapture>();
  const place = { ...options, folder: options.artifacts };
  const artifacts = new Artifacts(options.artifacts, gate, options.artifactsLimitBytes, (uid) =>
    artifactCommand(place, uid),
  );
  const pool = new TracerPool(parts);
  const observer = agentMetrics({
    ...parts,
    figures: {
      waiting: () => captures.waiting,
      running: () => captures.inSlots,
      unreported: () => captures.unreported,
      holding: () => captures.holding,
      overdueSeconds: () => captures.overdueMilliseconds / 1000,
      guardUp: () => guard.isAlive,
      rehearsal: () => pool.rehearsal,
      artifacts: () => artifacts.filling,
      slots: options.maxConcurrentCaptures,
      pauseBudgetSeconds: options.pauseBudgetSeconds,
    },
  });
  const holdFor = (): number => mayHoldFor(heartbeat.lastRenewal(), clock.monotonic());
  const captures: Captures = new Captures({
    ...parts,
    me: options.podUID,
    proc: options.proc,
    maxConcurrentCaptures: options.maxConcurrentCaptures,
    maxConcurrentHolds: options.maxConcurrentHolds,
    mayHoldFor: holdFor,
    isCutOff: () => holdFor() === 0,
    pool,
    artifacts,
    gate,
    observer,
    list: () => store.list(),
    forget: (object) => forget(store, object),
    newest: (object) => newest(store, object),
    learn: (object) => void store.upsert(project(object)),
    lastCall: lastCall.signal,
  });

  processMetrics(parts.registry);
  const reflector = startReflector({
    api,
    resource: CAPTURES,
    fieldSelector: `spec.nodeName=${options.nodeName}`,
    store,
    project,
    handler: (change) => (change.type === 'delete' ? captures.vanished(change.object) : captures.heard(change.object)),
    clock,
    random,
    log,
    metrics: metrics.reflector(CAPTURES.plural),
    signal,
  });
  const recoveries = new Recoveries({
    log,
    count: (outcome) => observer.recovered(outcome),
    list: () => (reflector.hasSynced() ? store.list() : undefined),
    acknowledge: (uid) => guard.acknowledge(uid),
  });
  guard.onRecovered = (recovered) => recoveries.see(recovered);
  guard.onRestarted = () => observer.guardRestarted();
  const guarding = guard.run();
  const heartbeat = startHeartbeat({
    api: parts.leaseApi,
    namespace: options.namespace,
    name: heartbeatLeaseName(options.nodeName),
    identity: options.podUID,
    ...RENEWALS,
    onRenewal: () => captures.lookSoon(),
    clock,
    random,
    log,
    signal: stopped.signal,
  });
  const letGo = (): void => captures.letGo();
  const fencing = keepFence({ clock, lastRenewal: () => heartbeat.lastRenewal(), letGo }, stopped.signal);
  const facts: HealthFacts = {
    now: () => clock.monotonic(),
    started: clock.monotonic(),
    hasSynced: () => reflector.hasSynced(),
    lastContact: () => reflector.lastContact(),
    lastRenewal: () => heartbeat.lastRenewal(),
    busy: () => captures.running + captures.unreported > 0,
    unfit: () => pool.unfit,
    rehearsed: () => pool.isWarm || captures.running > 0,
    guarded: () => guard.isAlive,
    stopping: () => signal.aborted,
  };
  const server = await createHttpServer({
    healthz: liveness(facts),
    readyz: readiness(facts),
    ...(options.secureMetrics === undefined ? { registry: parts.registry } : {}),
    onError: (error) => log.error('request failed by a defect', { error }),
  }).listen({ port: options.port });
  const serving =
    options.secureMetrics &&
    serveMetrics({ ...parts, ...options.secureMetrics, access: new MetricsAccess(parts) }, stopped.signal);
  log.info('node agent started', { node: options.nodeName, port: server.port });
  parts.onListening?.(server.port);
  void keepFit(pool, guard, clock, signal);
  const idle = { clock, isIdle: () => !facts.busy(), done: () => captures.begun };
  if (parts.collect !== undefined) void keepMemoryLow({ ...idle, collect: parts.collect }, signal);
  void reflector.synced.then(async () => await sweep(store, artifacts, log, signal));

  await aborted(signal);
  log.info('node agent stopping', { running: captures.running, unreported: captures.unreported });
  // The timer must be ended once everything is reported, because a pending timer keeps the process alive.
  const patience = new AbortController();
  void after(clock, REPORTS_WITHIN_MS, patience.signal, () => lastCall.abort());
  await captures.stop();
  patience.abort();
  stopped.abort();
  await Promise.all([pool.close(), heartbeat.done, fencing, reflector.done, server.close(), serving]);
  guard.close();
  await guarding;
  log.info('node agent stopped', {});
}

/** Returns the newest known state of this object, but never of a later object of the same name. */
function newest(store: Store<PodCapture>, object: PodCapture): PodCapture {
  const known = store.get(keyOf(object));
  return known?.metadata.uid === object.metadata.uid ? known : object;
}

/** Removes the newest known state of this object, but never a later object of the same name. */
function forget(store: Store<PodCapture>, object: PodCapture): void {
  const known = store.get(keyOf(object));
  if (known?.metadata.uid === object.metadata.uid) store.delete(known);
}

/**
 * Repeats a failed rehearsal, because the machine may become fit while the agent runs, for instance by a changed sysctl
 * or policy.
 */
async function keepFit(pool: TracerPool, guard: GuardKeeper, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let first = true; !signal.aborted; first = false) {
    await guard.whenAlive(RETRY_REHEARSAL_MS, signal);
    if ((first || pool.unfit !== undefined) && !signal.aborted) await pool.warm();
    // Without a guard no rehearsal is possible, so the next attempt follows as soon as a guard is there.
    await clock.sleep(pool.unfit?.reason === 'GuardUnavailable' ? RETRY_GUARD_MS : RETRY_REHEARSAL_MS, signal);
  }
}

/** Removes the artifacts of captures that were deleted while no agent ran. */
async function sweep(store: Store<PodCapture>, artifacts: Artifacts, log: Logger, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const removed = await artifacts.removeOrphans(() => new Set(store.list().map(({ metadata }) => metadata.uid)));
  if (removed > 0) log.info('orphaned artifacts removed', { removed });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
