/** The agent's metrics. No label has a value per pod. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { PHASES } from '../../api/podcapture.js';
import { SUCCESS_REASONS, type Reason } from '../../api/reasons.js';
import { GUARD_OUTCOMES } from '../../native/guard.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { isFrozen } from './as-found.js';
import type { CaptureObserver } from './captures.js';
import { endReason } from './status.js';

/**
 * Bounds in seconds, in steps of 1, 2.5 and 5: from 50 µs, the pause of a single task, to 10 s, the default timeout.
 */
const SECONDS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const TASKS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000];
const MICROSECONDS = 1_000_000;

export interface AgentMetricsParts {
  readonly registry: Registry;
  readonly version: string;
  /** Number of pods that are held at the moment. */
  readonly podsHeld: () => number;
}

/** Registers the metrics; call it once per registry. The returned observer must be told of each capture. */
export function agentMetrics({ registry, version, podsHeld }: AgentMetricsParts): CaptureObserver {
  const registers = [registry];
  const phases = new Histogram({
    name: 'stasis_capture_phase_seconds',
    help: 'Duration of each phase that a capture went through.',
    labelNames: ['phase'],
    buckets: SECONDS,
    registers,
  });
  const pause = new Histogram({
    name: 'stasis_capture_pause_seconds',
    help: 'How long the pod was held: from the first freezer write, or interrupt, to the last detach.',
    buckets: SECONDS,
    registers,
  });
  const total = new Counter({
    name: 'stasis_captures_total',
    help: 'Captures that have ended, by result (succeeded, failed) and reason.',
    labelNames: ['result', 'reason'],
    registers,
  });
  const tasks = new Histogram({
    name: 'stasis_capture_tasks',
    help: 'Number of threads per capture.',
    buckets: TASKS,
    registers,
  });
  const recoveries = new Counter({
    name: 'stasis_guard_recoveries_total',
    help: 'Freezers that a guard handled in place of an agent, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of GUARD_OUTCOMES) if (outcome !== 'None') recoveries.inc({ outcome }, 0);
  const frozen = frozenCgroups();
  void new Gauge({
    name: 'stasis_pods_held',
    help: 'Pods that are held now.',
    registers,
    collect() {
      this.set(podsHeld());
    },
  });
  void new Gauge({
    name: 'stasis_cgroups_frozen',
    help: "Cgroups of this agent's captures that the kernel reports as frozen now, including those of past captures whose thaw was not proved.",
    registers,
    collect() {
      this.set(frozen.count());
    },
  });
  new Gauge({
    name: 'stasis_build_info',
    help: 'Always 1.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const ended = (reason: Reason): void =>
    total.inc({ result: SUCCESS_REASONS.includes(reason) ? 'succeeded' : 'failed', reason });
  return {
    targets: (uid, containers) => frozen.watch(uid, containers),
    refused: ended,
    recovered: (outcome) => recoveries.inc({ outcome }),
    ended: (uid, capture) => {
      const { report, dryRun } = capture;
      frozen.forget(uid, report.thawUnproved);
      ended(endReason(capture));
      if (dryRun || report.timings.pauseMicroseconds === 0) return;
      for (const phase of PHASES) {
        const microseconds = report.timings[`${phase}Microseconds`];
        if (microseconds > 0) phases.observe({ phase }, microseconds / MICROSECONDS);
      }
      pause.observe(report.timings.pauseMicroseconds / MICROSECONDS);
      tasks.observe(report.threads);
    },
  };
}

interface FrozenCgroups {
  watch(uid: string, containers: readonly ContainerTarget[]): void;
  /** The capture has ended. Its cgroups that were not proved to be thawed stay in the count until they are. */
  forget(uid: string, thawUnproved: readonly string[]): void;
  count(): number;
}

/** Counting reads cgroupfs only, never a disk, so a scrape during a capture does no harm. */
function frozenCgroups(): FrozenCgroups {
  const running = new Map<string, readonly ContainerTarget[]>();
  let doubtful: readonly ContainerTarget[] = [];
  return {
    watch: (uid, containers) => void running.set(uid, containers),
    forget: (uid, thawUnproved) => {
      const left = (running.get(uid) ?? []).filter(({ directory }) => thawUnproved.includes(directory));
      running.delete(uid);
      doubtful = [...doubtful, ...left];
    },
    count: () => {
      doubtful = doubtful.filter(isFrozen);
      return [...running.values()].flat().filter(isFrozen).length + doubtful.length;
    },
  };
}
