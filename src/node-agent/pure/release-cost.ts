/**
 * Estimates from earlier releases how long a release will take: a fixed part and a part per task. Pure.
 *
 * A single cost per task would mislead: the 0.1 ms that releasing one task takes is nearly all fixed, and 400 tasks take much
 * less than 400 times that (6 µs each, Linux 6.18).
 */
export interface ReleaseCost {
  readonly fixedMicroseconds: number;
  readonly microsecondsPerTask: number;
}

/** The cost before anything was measured. It is more than twice of what was seen, because a budget keeps this time back. */
export const FIRST_RELEASE_COST: ReleaseCost = { fixedMicroseconds: 300, microsecondsPerTask: 15 };

/** From this number of tasks on, the part per task outweighs the fixed part, and is measured. */
const MANY_TASKS = 100;
/** Factor by which an old measurement counts for less each time, so that one slow release does not shorten every budget after it. */
const FORGETTING = 0.9;

/** The expected time of a release of this many tasks, in whole microseconds. */
export function releaseEstimate(cost: ReleaseCost, tasks: number): number {
  return Math.ceil(cost.fixedMicroseconds + tasks * cost.microsecondsPerTask);
}

/** The cost after one more release. A release updates one of the two parts; the number of tasks that it released decides which part. */
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
