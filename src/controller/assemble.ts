/**
 * Puts a Checkpoint's status together from what a state says: the conditions that follow, the times, and the bounds of
 * the schema. Pure.
 */
import type { Checkpoint, CheckpointPod, CheckpointStatus, PodCapture, Timings } from '../api/kinds.js';
import { conditionsOf, cutText, MAX_MESSAGE, type Fact } from '../api/conditions.js';
import { endTime } from './times.js';

/** The most characters of each text of a row that the schema accepts. A longer text would make every write fail. */
export const ROW_TEXTS = {
  podName: 253,
  podUID: 128,
  nodeName: 253,
  captureName: 253,
  reason: 64,
  message: MAX_MESSAGE,
  pause: 32,
} as const satisfies Partial<Record<keyof CheckpointPod, number>>;

/** The largest numbers of a row that the schema accepts. A larger int64 would not survive JavaScript and JSON unchanged. */
export const MOST_TASKS = 2_147_483_647;
export const MOST_MICROSECONDS = Number.MAX_SAFE_INTEGER;

/** The four conditions that each state sets; `assemble` adds those that follow from them. */
export interface Said {
  readonly dispatched: Fact;
  readonly held: Fact;
  readonly released: Fact;
  readonly succeeded: Fact;
}

/** Whether the pod is to be held after it was read. A dry run touches nothing, so it holds nothing. */
export function asksForHold({ spec }: Checkpoint): boolean {
  return spec.hold !== undefined && spec.dryRun !== true;
}

/** When the pod stood still, and until when it will. */
export type HoldTimes = Pick<CheckpointStatus, 'heldFrom' | 'heldUntil' | 'holdUntil'>;

export function timesOf(status: PodCapture['status']): HoldTimes {
  const { heldFrom, heldUntil, holdUntil } = status ?? {};
  return {
    ...(heldFrom === undefined ? {} : { heldFrom }),
    ...(heldUntil === undefined ? {} : { heldUntil }),
    ...(holdUntil === undefined ? {} : { holdUntil }),
  };
}

export function assemble(
  checkpoint: Checkpoint,
  { dispatched: first, held, released, succeeded }: Said,
  pods: readonly CheckpointPod[],
  times: HoldTimes,
  now: number,
): CheckpointStatus {
  const before = checkpoint.status;
  const time = endTime(before?.startTime, now);
  const { generation } = checkpoint.metadata;
  const ended = succeeded.status !== 'Unknown';
  const facts = [first, ...(asksForHold(checkpoint) ? [held] : []), released, succeeded];
  const { holdUntil, ...past } = times;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    startTime: before?.startTime ?? time,
    ...(ended ? { completionTime: before?.completionTime ?? time } : {}),
    ...past,
    ...(ended || holdUntil === undefined ? {} : { holdUntil }),
    conditions: conditionsOf([...facts, ...sums(facts)], before?.conditions, generation, time),
    ...(pods.length === 0 ? {} : { pods: pods.map(bounded) }),
  };
}

/** The row within the bounds of the schema, whatever an agent reported. */
function bounded(row: CheckpointPod): CheckpointPod {
  const { processes, threads, timings } = row;
  const texts = Object.entries(ROW_TEXTS).flatMap(([name, most]) => {
    const text = row[name as keyof typeof ROW_TEXTS];
    return text === undefined ? [] : [[name, cutText(text, most)] as const];
  });
  return {
    ...row,
    ...Object.fromEntries(texts),
    ...(processes === undefined ? {} : { processes: Math.min(processes, MOST_TASKS) }),
    ...(threads === undefined ? {} : { threads: Math.min(threads, MOST_TASKS) }),
    ...(timings === undefined ? {} : { timings: boundedTimings(timings) }),
  };
}

function boundedTimings(timings: Timings): Timings {
  const phases = Object.entries(timings).map(([name, value]) => [name, Math.min(value as number, MOST_MICROSECONDS)]);
  return { ...timings, ...Object.fromEntries(phases) };
}

/**
 * The conditions that follow from `Succeeded`. `Finished` is True at every end, so that `kubectl wait` returns also
 * after a failure. Reconciling and Stalled are what tools look at that follow kstatus (Flux, Helm 4, kpt); by its
 * convention Stalled is absent unless it is True.
 */
export function sums(facts: readonly Fact[]): Fact[] {
  const succeeded = facts.find(({ type }) => type === 'Succeeded');
  if (succeeded === undefined) return [];
  const { reason, message } = succeeded;
  const ended = succeeded.status !== 'Unknown';
  return [
    { type: 'Finished', status: ended ? 'True' : 'False', reason, message },
    { type: 'Reconciling', status: ended ? 'False' : 'True', reason, message },
    ...(succeeded.status === 'False' ? [{ type: 'Stalled', status: 'True', reason, message } as const] : []),
  ];
}

/** Whether both have the same content; the order of fields does not matter. */
export function sameStatus(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
