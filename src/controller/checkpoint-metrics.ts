/** Gauges that are counted from the existing Checkpoints at each scrape. Only the leader has Checkpoints in its cache. */
import { Gauge, type Registry } from 'prom-client';
import type { Checkpoint } from '../api/kinds.js';
import { REASONS, type Reason } from '../api/reasons.js';
import { asReason, findCondition, hasEnded } from '../api/conditions.js';

/** The states of a Checkpoint: the reason of its condition Succeeded. */
type State = Reason;

/** The states in which a Checkpoint waits for something, and nobody works on its pod. */
export const WAITING = [
  'Pending',
  'PodBusy',
  'NodeBusy',
  'NodeAgentUnavailable',
  'DispatchForbidden',
  'Dispatched',
] as const satisfies readonly State[];

/** Most series of stasis_slowest_pause_seconds. */
const SLOWEST = 10;

export interface CheckpointMetricsOptions {
  readonly registry: Registry;
  readonly checkpoints: () => readonly Checkpoint[];
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** Registers the gauges; call it once per registry. */
export function checkpointMetrics({ registry, checkpoints, wall }: CheckpointMetricsOptions): void {
  const registers = [registry];
  void new Gauge({
    name: 'stasis_checkpoints',
    help: 'Existing Checkpoints by state: the reason of the condition Succeeded, Pending before the controller has looked at it.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      const found = countBy(checkpoints().map(stateOf));
      for (const state of REASONS) this.set({ state }, found.get(state) ?? 0);
    },
  });
  void new Gauge({
    name: 'stasis_checkpoint_oldest_waiting_seconds',
    help: 'Time since the creation of the oldest Checkpoint that waits for this reason; 0 when none waits.',
    labelNames: ['reason'] as const,
    registers,
    collect() {
      const oldest = oldestWaiting(checkpoints(), wall());
      for (const reason of WAITING) this.set({ reason }, oldest.get(reason) ?? 0);
    },
  });
  void new Gauge({
    name: 'stasis_slowest_pause_seconds',
    help: 'The ten longest pauses, without the hold, among the existing Checkpoints that have ended.',
    labelNames: ['checkpoint_namespace', 'checkpoint', 'pod_name', 'node_name'] as const,
    registers,
    collect() {
      this.reset();
      for (const { seconds, ...labels } of slowest(checkpoints())) this.set(labels, seconds);
    },
  });
}

export function stateOf({ status }: Checkpoint): State {
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  if (succeeded === undefined) return 'Pending';
  return asReason(succeeded.reason) ?? (succeeded.status === 'Unknown' ? 'Capturing' : 'InternalError');
}

/** Returns the age in seconds of the oldest waiting Checkpoint of each state. */
export function oldestWaiting(checkpoints: readonly Checkpoint[], now: number): ReadonlyMap<State, number> {
  const oldest = new Map<State, number>();
  for (const checkpoint of checkpoints) {
    if (hasEnded(checkpoint.status)) continue;
    const state = stateOf(checkpoint);
    const seconds = Math.max(0, now - Date.parse(checkpoint.metadata.creationTimestamp)) / 1000;
    oldest.set(state, Math.max(seconds, oldest.get(state) ?? 0));
  }
  return oldest;
}

interface Slow {
  readonly checkpoint_namespace: string;
  readonly checkpoint: string;
  readonly pod_name: string;
  readonly node_name: string;
  readonly seconds: number;
}

/** Returns the pods with the longest pauses, slowest first. */
export function slowest(checkpoints: readonly Checkpoint[]): readonly Slow[] {
  const paused = checkpoints.flatMap(({ metadata, status }) =>
    (status?.pods ?? []).flatMap(({ podName, nodeName, timings }): Slow[] => {
      if (timings === undefined || timings.pauseMicroseconds === 0) return [];
      const seconds = (timings.pauseMicroseconds - timings.holdMicroseconds) / 1_000_000;
      const labels = { checkpoint_namespace: metadata.namespace ?? '', checkpoint: metadata.name };
      return [{ ...labels, pod_name: podName, node_name: nodeName ?? '', seconds }];
    }),
  );
  return paused.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
}

function countBy<T>(values: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
