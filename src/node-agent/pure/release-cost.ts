/**
 * How long a release will take, told from earlier ones: a fixed part and a part per task. Pure.
 *
 * One cost per task would not do: the 0.1 ms that releasing one task takes is nearly all fixed, and 400 times that is not what 400
 * tasks take (6 µs each, Linux 6.18).
 */
export interface ReleaseCost {
  readonly fixedMicroseconds: number;
  readonly microsecondsPerTask: number;
}

/** Before anything was measured: more than twice of what was seen, as a budget keeps it back. */
export const FIRST_RELEASE_COST: ReleaseCost = { fixedMicroseconds: 300, microsecondsPerTask: 15 };

/** From so many tasks on the part per task outweighs the fixed part, and is measured. */
const MANY_TASKS = 100;
/** An old measure counts for less each time, so that one slow release does not shorten every budget after it. */
const FORGETTING = 0.9;

/** What a release of so many tasks takes, in whole microseconds. */
export function releaseEstimate(cost: ReleaseCost, tasks: number): number {
  return Math.ceil(cost.fixedMicroseconds + tasks * cost.microsecondsPerTask);
}

/** The cost after one more release. Of a release, one of the two parts is told: which one depends on how many tasks it let go. */
export function nextReleaseCost(cost: ReleaseCost, tasks: number, microseconds: number): ReleaseCost {
  if (tasks === 0) return cost;
  const { fixedMicroseconds, microsecondsPerTask } = cost;
  if (tasks >= MANY_TASKS) {
    const perTask = Math.max(0, microseconds - fixedMicroseconds) / tasks;
    return { fixedMicroseconds, microsecondsPerTask: Math.max(perTask, FORGETTING * microsecondsPerTask) };
  }
  const fixed = Math.max(0, microseconds - tasks * microsecondsPerTask);
  return { microsecondsPerTask, fixedMicroseconds: Math.max(fixed, FORGETTING * fixedMicroseconds) };
}
