/** When the status of a Checkpoint that waits for the same obstacle is written again. Pure. */
import type { CheckpointStatus } from '../../api/kinds.js';
import { sameStatus } from '../assemble.js';

/** How often the status is written again for another message about the same obstacle, in milliseconds. */
const SHOW_AGAIN_MILLISECONDS = 30_000;

/**
 * Milliseconds until the new status may be written; 0: now. An obstacle is the same as long as its reason is. Its message may
 * differ at every look: a webhook that does not answer has another port in each error, and a write for each of them
 * would wake the Checkpoint by its own event. `shownFor`: since when this process has shown the former status.
 */
export function untilShown(
  status: CheckpointStatus,
  before: CheckpointStatus | undefined,
  shownFor: number | undefined,
): number {
  if (before === undefined || shownFor === undefined) return 0;
  if (!sameStatus(withoutMessages(status), withoutMessages(before))) return 0;
  return Math.max(0, SHOW_AGAIN_MILLISECONDS - shownFor);
}

function withoutMessages({ conditions, pods, ...status }: CheckpointStatus): CheckpointStatus {
  return {
    ...status,
    ...(conditions === undefined ? {} : { conditions: conditions.map((each) => ({ ...each, message: '' })) }),
    ...(pods === undefined ? {} : { pods: pods.map((each) => ({ ...each, message: '' })) }),
  };
}
