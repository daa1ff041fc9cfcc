/** The starting deadline of a Checkpoint. Pure. */
import type { Checkpoint } from '../../api/kinds.js';
import { asReason, findCondition } from '../../api/conditions.js';
import type { Why } from '../../pod/why.js';

/** The schema's default, for an object that is older than the field. */
const DEFAULT_SECONDS = 600;

/** The clocks of the controller and of the API server may differ by so many milliseconds. */
const CLOCKS_DIFFER_MILLISECONDS = 60_000;

/**
 * Milliseconds until the Checkpoint must have begun; 0 or less when that moment is over. The time counts from
 * status.startTime, when a controller first saw the Checkpoint by its own clock. The API server's creationTimestamp counts
 * only where no difference of the clocks explains it: where it is so old that the controller must have been away, and where it
 * is younger than startTime says, which a former leader with a slow clock wrote. All are cut to whole seconds, so the
 * Checkpoint gets a second more.
 */
export function untilDeadline({ metadata, spec, status }: Checkpoint, now: number): number {
  const seconds = spec.startingDeadlineSeconds ?? DEFAULT_SECONDS;
  const seenFor = status?.startTime === undefined ? 0 : now - Date.parse(status.startTime);
  const age = now - Date.parse(metadata.creationTimestamp);
  const atMost = Math.min(seenFor, age + CLOCKS_DIFFER_MILLISECONDS);
  return (seconds + 1) * 1000 - Math.max(atMost, age - CLOCKS_DIFFER_MILLISECONDS);
}

/**
 * Whether the deadline of a Checkpoint that was looked at before is over. It ends then with what it waited for, without
 * another reading: what it waits for may be just that reading.
 */
export function isOverdue(checkpoint: Checkpoint, now: number): boolean {
  return checkpoint.status?.startTime !== undefined && untilDeadline(checkpoint, now) <= 0;
}

/** The end of a Checkpoint that has not begun by its deadline, from what it waited for. */
export function deadlineExceeded({ spec }: Checkpoint, obstacle: Why): Why {
  const { reason } = obstacle;
  const isCause = reason === 'NodeAgentUnavailable' || reason === 'DispatchForbidden';
  const seconds = spec.startingDeadlineSeconds ?? DEFAULT_SECONDS;
  return {
    reason: isCause ? reason : 'StartingDeadlineExceeded',
    message: `not begun within startingDeadlineSeconds (${seconds} s): ${obstacle.message}`,
  };
}

/** Returns what the Checkpoint waits for, as its status says. */
export function obstacleOf({ status }: Checkpoint): Why {
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  const reason = asReason(succeeded?.reason ?? '') ?? 'Pending';
  return { reason, message: succeeded?.message ?? 'the controller had not looked at it' };
}
