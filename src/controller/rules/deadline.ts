/** The starting deadline of a Checkpoint. Pure. */
import type { Checkpoint } from '../../api/kinds.js';
import { asReason, findCondition } from '../../api/conditions.js';
import type { Why } from '../status.js';

/** The schema's default, for an object that is older than the field. */
const DEFAULT_SECONDS = 600;

/**
 * Milliseconds until the Checkpoint must have begun; 0 or less when that moment is over. creationTimestamp is cut to
 * whole seconds, so the Checkpoint may have been created up to one second later, and gets that second.
 */
export function untilDeadline({ metadata, spec }: Checkpoint, now: number): number {
  const seconds = spec.startingDeadlineSeconds ?? DEFAULT_SECONDS;
  return Date.parse(metadata.creationTimestamp) + (seconds + 1) * 1000 - now;
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
