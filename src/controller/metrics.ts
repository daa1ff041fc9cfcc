/** The controller's metrics: some have the names that controller-runtime uses, the others are Stasis's own. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../kube/clock.js';
import type { WorkOutcome } from '../kube/work-queue.js';
import type { Checkpoint } from '../api/kinds.js';
import { asReason, findCondition } from './condition.js';
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
  readonly clock: Clock;
  readonly workers: number;
  /** Called at each scrape. */
  readonly checkpoints: () => readonly Checkpoint[];
}

/** Bounds in seconds; controller-runtime's. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const CONTROLLER = 'checkpoint';

/** Registers all metrics on the registry. Call it once per registry. */
export function controllerMetrics({
  registry,
  clock,
  workers,
  checkpoints,
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
  registerStates(registers, checkpoints);
  most.set(labels, workers);
  active.set(labels, 0);
  for (const each of [errors, terminal]) each.inc(labels, 0);
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

/**
 * One series per reason that currently occurs. Reasons are a closed list, so the number of series is limited. Only the
 * leader has Checkpoints in its cache.
 */
function registerStates(registers: Registry[], checkpoints: () => readonly Checkpoint[]): void {
  void new Gauge({
    name: 'stasis_checkpoints',
    help: 'Existing Checkpoints by state: the reason of the condition Succeeded, or New.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      this.reset();
      for (const { status } of checkpoints()) {
        const reason = findCondition(status?.conditions, 'Succeeded')?.reason;
        this.inc({ state: reason === undefined ? 'New' : asReason(reason) });
      }
    },
  });
}

function resultOf({ outcome, error }: Visited): 'success' | 'error' | 'requeue' | 'requeue_after' {
  if (error !== undefined) return 'error';
  if (outcome === undefined) return 'success';
  return outcome === 'retry' ? 'requeue' : 'requeue_after';
}
