/** The actions that end a Checkpoint. Pure. */
import type { Checkpoint, CheckpointStatus } from '../api/kinds.js';
import { asReason, findCondition } from '../api/conditions.js';
import type { Action } from './decision.js';
import { sameStatus } from './assemble.js';

/**
 * Writes the final status, and then emits the Event: an Event must only report what has been written. Returns no action
 * when the status has been written already.
 */
export function endActions(checkpoint: Checkpoint, status: CheckpointStatus): readonly Action[] {
  if (sameStatus(status, checkpoint.status)) return [];
  const condition = findCondition(status.conditions, 'Succeeded');
  const reason = asReason(condition?.reason ?? '') ?? 'InternalError';
  const succeeded = condition?.status === 'True';
  const isDeleted = checkpoint.metadata.deletionTimestamp !== undefined;
  const row = status.pods?.[0];
  const pause = row?.pause === undefined ? '' : ` (pause ${row.pause})`;
  return [
    { kind: 'write-status', status, endLabels: { result: succeeded ? 'succeeded' : 'failed', reason } },
    {
      kind: 'emit-event',
      event: {
        // The user who deletes a Checkpoint knows that its capture is cancelled.
        type: succeeded || (reason === 'Cancelled' && isDeleted) ? 'Normal' : 'Warning',
        reason,
        note: `${condition?.message ?? ''}${pause}`,
      },
    },
  ];
}
