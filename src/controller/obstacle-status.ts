/** The status of a Checkpoint of which a step after the dispatch is refused by the API server. Pure. */
import { conditionsOf, findCondition, hasEnded, type Fact } from '../api/conditions.js';
import type { Checkpoint, CheckpointStatus, PodCapture } from '../api/kinds.js';
import { sameStatus } from './assemble.js';
import { rfc3339 } from './times.js';
import { dispatchedStatus } from './status.js';
import type { Why } from '../pod/why.js';

/** The conditions whose message tells of the obstacle. What has ended says how for good, so Succeeded is left alone then. */
const TELL_IN_PROGRESS: readonly string[] = ['Succeeded', 'Finished', 'Reconciling'];
const TELL_AT_THE_END: readonly string[] = ['Finished', 'Reconciling'];

/**
 * The status with `message` in place of what it says of the progress. Returns undefined when the status tells of this
 * obstacle already, recognized by how its message begins: the server's own words may differ each time, and a write for
 * each of them would wake the controller at once, for ever.
 */
export function obstacleStatus(
  checkpoint: Checkpoint,
  capture: PodCapture | undefined,
  progress: Why | undefined,
  { beginning, message }: { readonly beginning: string; readonly message: string },
  now: number,
): CheckpointStatus | undefined {
  const told = findCondition(checkpoint.status?.conditions, 'Reconciling')?.message ?? '';
  if (told.startsWith(beginning)) return undefined;
  const ended = hasEnded(checkpoint.status);
  const shows =
    ended || capture === undefined || progress === undefined
      ? checkpoint.status
      : dispatchedStatus(checkpoint, capture, progress, now);
  if (shows?.conditions === undefined) return undefined;
  const tell = ended ? TELL_AT_THE_END : TELL_IN_PROGRESS;
  const { generation } = checkpoint.metadata;
  // The conditions of a status are facts with times; conditionsOf() keeps the times.
  const facts = shows.conditions.map((each) => (tell.includes(each.type) ? { ...each, message } : each)) as Fact[];
  const status: CheckpointStatus = {
    ...shows,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf(facts, checkpoint.status?.conditions, generation, rfc3339(now)),
  };
  // An end that an earlier version wrote may lack both conditions. There is then no place to tell.
  return sameStatus(status, checkpoint.status) ? undefined : status;
}
