/** The agent's metrics. No label has a value per pod, and every series exists from the start. docs/metrics.md describes them. */
import { Counter, Gauge, Histogram, Summary, type Registry } from 'prom-client';
import { PHASES } from '../../api/podcapture.js';
import { FINAL_REASONS, isSuccess, type Reason } from '../../api/reasons.js';
import type { Clock } from '../../kube/clock.js';
import { buildInfo } from '../../kube/process-metrics.js';
import { GUARD_OUTCOMES } from '../../native/guard.js';
import type { CarriedOut } from './carry-out.js';
import type { CaptureObserver } from './captures-parts.js';
import { FrozenCgroups } from './frozen-cgroups.js';
import { endReason } from './status.js';
import { REHEARSAL_STATES, type RehearsalState } from './tracer-pool.js';

/**
 * Bounds in seconds, in steps of 1, 2.5 and 5: from 50 µs, the pause of a single task, to 10 s, the default timeout.
 */
const SECONDS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
/** Bounds in seconds, up to the longest hold that a Checkpoint may ask for. */
const HOLD_SECONDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const TASKS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000];
/** The size classes of stasis_capture_size_pause_seconds: the most tasks of a capture in the class. */
const SIZES = [10, 100, 1000, 10_000, Number.POSITIVE_INFINITY];
const MICROSECONDS = 1_000_000;
/** The hold is no phase of the pause: it lasts as long as somebody asked for, and has a histogram of its own. */
const PAUSE_PHASES = PHASES.filter((phase) => phase !== 'hold');
const RESULTS = ['succeeded', 'failed'] as const;

/** The figures that the gauges show. Each function is called at every scrape. */
export interface AgentFigures {
  readonly waiting: () => number;
  readonly running: () => number;
  readonly unreported: () => number;
  readonly holding: () => number;
  /** 0 when no hold is overdue. */
  readonly overdueSeconds: () => number;
  readonly guardUp: () => boolean;
  readonly rehearsal: () => RehearsalState;
  readonly artifacts: () => { readonly files: number; readonly bytes: number; readonly limitBytes: number };
  /** Most captures at one time. */
  readonly slots: number;
  readonly pauseBudgetSeconds: number;
}

export interface AgentMetricsParts {
  readonly registry: Registry;
  readonly version: string;
  readonly clock: Clock;
  readonly figures: AgentFigures;
}

export interface AgentObserver extends CaptureObserver {
  /** A guard was lost, and another one was found. */
  guardRestarted(): void;
}

/** Registers the metrics; call it once per registry. The returned observer must be told of each capture. */
export function agentMetrics({ registry, version, clock, figures }: AgentMetricsParts): AgentObserver {
  const frozen = new FrozenCgroups(clock);
  buildInfo(registry, { version, component: 'node-agent' });
  captureGauges(registry, figures, frozen);
  nodeGauges(registry, figures);
  const observePause = pauseMetrics(registry);
  const { countEnd, countUnverified } = endMetrics(registry);
  const guard = guardMetrics(registry);
  return {
    targets: (uid, containers) => frozen.watch(uid, containers),
    refused: countEnd,
    foundFrozen: (targets) => {
      frozen.inherit(targets);
      countUnverified(targets.length);
    },
    ended: (uid, capture) => {
      const { thawUnproved } = capture.report;
      frozen.forget(uid, thawUnproved);
      countUnverified(thawUnproved.length);
      countEnd(endReason(capture));
      observePause(capture);
    },
    ...guard,
  };
}

function pauseMetrics(registry: Registry): (capture: CarriedOut) => void {
  const registers = [registry];
  const phases = new Histogram({
    name: 'stasis_capture_phase_seconds',
    help: 'Duration of each phase that a capture went through, without the hold.',
    labelNames: ['phase'],
    buckets: SECONDS,
    registers,
  });
  const pause = new Histogram({
    name: 'stasis_capture_pause_seconds',
    help: 'How long the pod stood still without the hold: from the first freezer write, or interrupt, to the last detach.',
    labelNames: ['result'],
    buckets: SECONDS,
    registers,
  });
  const hold = new Histogram({
    name: 'stasis_capture_hold_seconds',
    help: 'How long pods were held because a Checkpoint asked for it.',
    buckets: HOLD_SECONDS,
    registers,
  });
  const tasks = new Histogram({
    name: 'stasis_capture_tasks',
    help: 'Number of threads per capture.',
    buckets: TASKS,
    registers,
  });
  const bySize = new Summary({
    name: 'stasis_capture_size_pause_seconds',
    help: 'The pause without the hold, by the size of the capture: max_tasks is the most threads of a capture in the class.',
    labelNames: ['max_tasks'],
    percentiles: [],
    registers,
  });
  for (const phase of PAUSE_PHASES) phases.zero({ phase });
  for (const result of RESULTS) pause.zero({ result });
  for (const most of SIZES) bySize.observe({ max_tasks: sizeLabel(most) }, 0);
  // A Summary has no other way to get a series that counts nothing yet.
  bySize.reset();
  return (capture) => {
    const { report, dryRun } = capture;
    const { pauseMicroseconds, holdMicroseconds } = report.timings;
    if (dryRun || pauseMicroseconds === 0) return;
    const seconds = Math.max(0, pauseMicroseconds - holdMicroseconds) / MICROSECONDS;
    for (const phase of PAUSE_PHASES) {
      const microseconds = report.timings[`${phase}Microseconds`];
      if (microseconds > 0) phases.observe({ phase }, microseconds / MICROSECONDS);
    }
    pause.observe({ result: resultOf(endReason(capture)) }, seconds);
    if (holdMicroseconds > 0) hold.observe(holdMicroseconds / MICROSECONDS);
    tasks.observe(report.threads);
    bySize.observe({ max_tasks: sizeClass(report.threads) }, seconds);
  };
}

interface EndCounters {
  readonly countEnd: (reason: Reason) => void;
  readonly countUnverified: (cgroups: number) => void;
}

function endMetrics(registry: Registry): EndCounters {
  const registers = [registry];
  const total = new Counter({
    name: 'stasis_captures_total',
    help: 'Captures that have ended, by result (succeeded, failed) and reason.',
    labelNames: ['result', 'reason'],
    registers,
  });
  const unverified = new Counter({
    name: 'stasis_cgroup_thaws_unverified_total',
    help: 'Cgroups that could not be verified to be thawed when their capture had ended.',
    registers,
  });
  for (const reason of FINAL_REASONS) total.inc({ result: resultOf(reason), reason }, 0);
  return {
    countEnd: (reason) => total.inc({ result: resultOf(reason), reason }),
    countUnverified: (cgroups) => unverified.inc(cgroups),
  };
}

function guardMetrics(registry: Registry): Pick<AgentObserver, 'recovered' | 'guardRestarted'> {
  const registers = [registry];
  const recoveries = new Counter({
    name: 'stasis_guard_recoveries_total',
    help: 'Freezers that a guard handled in place of an agent, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const restarts = new Counter({
    name: 'stasis_guard_restarts_total',
    help: 'Times that a guard was lost and one was found again.',
    registers,
  });
  for (const outcome of GUARD_OUTCOMES) if (outcome !== 'None') recoveries.inc({ outcome }, 0);
  return { recovered: (outcome) => recoveries.inc({ outcome }), guardRestarted: () => restarts.inc() };
}

function captureGauges(registry: Registry, figures: AgentFigures, frozen: FrozenCgroups): void {
  const gauge = gaugesOf(registry);
  gauge(
    'stasis_captures_waiting',
    'PodCaptures of this node that no agent has begun. Those that wait for the end of a hold are not counted.',
    figures.waiting,
  );
  gauge(
    'stasis_captures_running',
    'Captures that take a slot: they were begun, and neither hold their pod nor have released it.',
    figures.running,
  );
  gauge(
    'stasis_captures_unreported',
    'Captures that have released their pod and whose end the API server has not accepted yet.',
    figures.unreported,
  );
  gauge('stasis_capture_slots', 'Most captures at the same time.', () => figures.slots);
  gauge('stasis_pods_held', 'Pods that are held now.', figures.holding);
  gauge(
    'stasis_hold_overdue_seconds',
    'For how long the most overdue hold has lasted beyond its end; 0 when no hold is overdue.',
    figures.overdueSeconds,
  );
  gauge(
    'stasis_cgroups_frozen',
    'Cgroups whose freezer was closed for a capture and that the kernel reports as frozen now.',
    () => frozen.look().count,
  );
  gauge(
    'stasis_cgroup_frozen_seconds',
    'For how long the longest of these cgroups has been frozen, counted from the beginning of its capture; 0 without one.',
    () => frozen.look().longestSeconds,
  );
}

function nodeGauges(registry: Registry, figures: AgentFigures): void {
  const gauge = gaugesOf(registry);
  gauge('stasis_guard_up', '1 when a guard answers. Without one nothing is frozen.', () => Number(figures.guardUp()));
  gauge('stasis_artifacts', 'Artifacts on the node.', () => figures.artifacts().files);
  gauge('stasis_artifacts_size_bytes', 'Size of all artifacts on the node.', () => figures.artifacts().bytes);
  gauge(
    'stasis_artifacts_size_limit_bytes',
    'Size of all artifacts from which on no capture begins.',
    () => figures.artifacts().limitBytes,
  );
  gauge(
    'stasis_pause_budget_seconds',
    'The pause that this installation aims at. Nothing enforces it; dashboards and an alert compare with it.',
    () => figures.pauseBudgetSeconds,
  );
  void new Gauge({
    name: 'stasis_rehearsal_state',
    help: '1 for the state of the rehearsal, in which the agent proves that it can capture on this node; 0 for the other states.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const now = figures.rehearsal();
      for (const state of REHEARSAL_STATES) this.set({ state }, Number(state === now));
    },
  });
}

function gaugesOf(registry: Registry): (name: string, help: string, value: () => number) => void {
  return (name, help, value) =>
    void new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
}

function resultOf(reason: Reason): (typeof RESULTS)[number] {
  return isSuccess(reason) ? 'succeeded' : 'failed';
}

/** Returns the label of the smallest class that the capture fits into. */
function sizeClass(threads: number): string {
  return sizeLabel(SIZES.find((most) => threads <= most) ?? Number.POSITIVE_INFINITY);
}

function sizeLabel(most: number): string {
  return Number.isFinite(most) ? String(most) : '+Inf';
}
