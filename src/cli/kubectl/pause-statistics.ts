/** Adds up the pauses of many Checkpoints: the slowest ones, and the figures by node, namespace or pod. Pure. */
import { pauseWithoutHold } from '../sound-timings.js';
import type { CheckpointRow } from './checkpoint-row.js';

/** A Checkpoint that has ended, as top keeps it. Times are microseconds. */
export interface Pause {
  readonly namespace: string;
  readonly name: string;
  readonly pod: string;
  readonly node: string;
  readonly reason: string;
  readonly failed: boolean;
  /** In milliseconds since the epoch. */
  readonly ended: number;
  readonly freezing: number;
  /** Without the hold. 0 where the pod was not touched. */
  readonly pause: number;
  readonly hold: number;
}

/** Returns undefined for a Checkpoint that has not ended: its pause is not known yet. */
export function pauseOf(row: CheckpointRow): Pause | undefined {
  const { namespace, name, pod, node, reason, outcome, timings } = row;
  if (outcome === 'unfinished') return undefined;
  const ended = Number.isNaN(row.completed) ? row.created : row.completed;
  return {
    namespace,
    name,
    pod,
    node,
    reason,
    failed: outcome === 'failed',
    ended,
    freezing: timings?.freezingMicroseconds ?? 0,
    pause: timings === undefined ? 0 : pauseWithoutHold(timings),
    hold: timings?.holdMicroseconds ?? 0,
  };
}

export const GROUPINGS = ['pod', 'node', 'namespace'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** A group. The figures of the pause are of the captures that paused their pod; without any, they are missing. */
export interface PauseGroup {
  /** Empty where it is not known, as the node of a Checkpoint that was refused. A pod is known by its namespace, too. */
  readonly key: string;
  readonly count: number;
  readonly failed: number;
  readonly figures?: { readonly median: number; readonly p99: number; readonly max: number };
}

/** The groups, the one with the slowest pause first. */
export function groupPauses(pauses: readonly Pause[], by: Grouping): PauseGroup[] {
  const groups = new Map<string, Pause[]>();
  for (const pause of pauses) {
    const key = keyOf(pause, by);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pause]);
    else group.push(pause);
  }
  return [...groups]
    .map(([key, group]) => summarize(key, group))
    .sort((one, other) => (other.figures?.max ?? 0) - (one.figures?.max ?? 0) || compareText(one.key, other.key));
}

function keyOf({ namespace, pod, node }: Pause, by: Grouping): string {
  switch (by) {
    case 'namespace':
      return namespace;
    case 'node':
      return node;
    case 'pod':
      return `${namespace}/${pod}`;
    default:
      return by satisfies never;
  }
}

function summarize(key: string, group: readonly Pause[]): PauseGroup {
  const measured = group.map(({ pause }) => pause).filter((pause) => pause > 0);
  const sorted = Float64Array.from(measured).sort();
  const counts = { key, count: group.length, failed: group.filter(({ failed }) => failed).length };
  if (sorted.length === 0) return counts;
  return { ...counts, figures: { median: rank(sorted, 0.5), p99: rank(sorted, 0.99), max: sorted.at(-1) ?? 0 } };
}

/** The nearest rank: the smallest value that so large a part of the values does not exceed. */
function rank(sorted: Float64Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

/** The fastest first, as {@link Newest} wants it; of the same pause, by namespace and name. */
export function bySpeed(one: Pause, other: Pause): number {
  return one.pause - other.pause || compareText(other.namespace, one.namespace) || compareText(other.name, one.name);
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
