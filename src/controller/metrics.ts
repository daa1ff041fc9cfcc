/** The controller's metrics: some have the names that controller-runtime uses, the others are Stasis's own. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../kube/clock.js';
import type { WorkOutcome } from '../kube/work-queue.js';
import type { Checkpoint } from '../api/kinds.js';
import { FINAL_REASONS, isSuccess } from '../api/reasons.js';
import { buildInfo } from '../kube/process-metrics.js';
import type { AgentCensus } from './agent-census.js';
import { checkpointMetrics } from './checkpoint-metrics.js';
import type { EndLabels } from './decision.js';

/** The end of one visit. */
export interface Visited {
  readonly outcome: WorkOutcome;
  /** The visit failed. 'for good': repeating the request would not help. */
  readonly error?: 'transient' | 'for good';
}

export interface ReconcileMetrics {
  /** Runs one visit and counts it. */
  timed(visit: () => Promise<Visited>): Promise<WorkOutcome>;
}

export interface ControllerMetrics extends ReconcileMetrics {
  checkpointEnded(labels: EndLabels): void;
}

export interface ControllerMetricsOptions {
  readonly registry: Registry;
  readonly version: string;
  readonly clock: Clock;
  readonly workers: number;
  /** Called at each scrape. */
  readonly checkpoints: () => readonly Checkpoint[];
  readonly census: Pick<AgentCensus, 'expected' | 'seen' | 'missing'>;
}

/** Bounds in seconds; controller-runtime's. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const CONTROLLER = 'checkpoint';

/** Registers all metrics on the registry. Call it once per registry. */
export function controllerMetrics({
  registry,
  version,
  clock,
  workers,
  checkpoints,
  census,
}: ControllerMetricsOptions): ControllerMetrics {
  const registers = [registry];
  const labels = { controller: CONTROLLER };
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ['controller'] as const, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['controller'] as const, registers });
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Total number of reconciliations per controller',
    labelNames: ['controller', 'result'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of time per reconciliation per controller',
    labelNames: ['controller'] as const,
    buckets: BUCKETS,
    registers,
  });
  const errors = counter(
    'controller_runtime_reconcile_errors_total',
    'Total number of reconciliation errors per controller',
  );
  const terminal = counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Total number of terminal reconciliation errors per controller',
  );
  const active = gauge('controller_runtime_active_workers', 'Number of currently used workers per controller');
  const most = gauge(
    'controller_runtime_max_concurrent_reconciles',
    'Maximum number of concurrent reconciles per controller',
  );
  const endings = new Counter({
    name: 'stasis_checkpoints_total',
    help: 'Checkpoints that have ended, by result (succeeded, failed) and reason.',
    labelNames: ['result', 'reason'] as const,
    registers,
  });
  buildInfo(registry, { version, component: 'controller' });
  checkpointMetrics({ registry, checkpoints, wall: () => clock.wall() });
  censusMetrics(registers, census);
  most.set(labels, workers);
  active.set(labels, 0);
  for (const each of [errors, terminal]) each.inc(labels, 0);
  for (const result of VISIT_RESULTS) total.inc({ ...labels, result }, 0);
  seconds.zero(labels);
  for (const reason of FINAL_REASONS) endings.inc({ result: isSuccess(reason) ? 'succeeded' : 'failed', reason }, 0);
  return {
    timed: async (visit) => {
      const started = clock.monotonic();
      active.inc(labels);
      let visited: Visited = { outcome: 'retry', error: 'transient' };
      try {
        visited = await visit();
        return visited.outcome;
      } finally {
        active.dec(labels);
        seconds.observe(labels, (clock.monotonic() - started) / 1000);
        total.inc({ ...labels, result: resultOf(visited) });
        if (visited.error !== undefined) errors.inc(labels);
        if (visited.error === 'for good') terminal.inc(labels);
      }
    },
    checkpointEnded: ({ result, reason }) => endings.inc({ result, reason }),
  };
}

function censusMetrics(registers: Registry[], census: ControllerMetricsOptions['census']): void {
  void new Gauge({
    name: 'stasis_node_agents_expected',
    help: 'Nodes that should have an agent, as the DaemonSet says; 0 on a replica that does not lead.',
    registers,
    collect() {
      this.set(census.expected);
    },
  });
  void new Gauge({
    name: 'stasis_node_agents_seen',
    help: 'Agents whose heartbeat is fresh; 0 on a replica that does not lead.',
    registers,
    collect() {
      this.set(census.seen);
    },
  });
  void new Gauge({
    name: 'stasis_node_agent_missing_seconds',
    help: "For how long a node's agent has had no fresh heartbeat although the DaemonSet made a pod for the node. A node whose agent is well has no series.",
    labelNames: ['node_name'] as const,
    registers,
    collect() {
      this.reset();
      for (const { nodeName, seconds } of census.missing) this.set({ node_name: nodeName }, seconds);
    },
  });
}

const VISIT_RESULTS = ['success', 'error', 'requeue', 'requeue_after'] as const;

function resultOf({ outcome, error }: Visited): (typeof VISIT_RESULTS)[number] {
  if (error !== undefined) return 'error';
  if (outcome === undefined) return 'success';
  return outcome === 'retry' ? 'requeue' : 'requeue_after';
}
