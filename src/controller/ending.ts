/** The last status of a Checkpoint, and what is told with it. Pure. */
import type { Checkpoint, CheckpointStatus } from '../api/kinds.js';
import { asReason, findCondition } from './condition.js';
import type { Action } from './decision.js';
import { sameStatus } from './status.js';

/** The write, and after it the event: what was told must be so. Nothing where it is written already. */
export function ended(checkpoint: Checkpoint, status: CheckpointStatus): readonly Action[] {
  if (sameStatus(status, checkpoint.status)) return [];
  const condition = findCondition(status.conditions, 'Succeeded');
  const reason = asReason(condition?.reason ?? '');
  const succeeded = condition?.status === 'True';
  const row = status.pods?.[0];
  const pause = row?.pause === undefined ? '' : ` (pause ${row.pause})`;
  return [
    { kind: 'write-status', status, ending: { result: succeeded ? 'succeeded' : 'failed', reason } },
    {
      kind: 'tell',
      happening: {
        type: succeeded ? 'Normal' : 'Warning',
        reason,
        note: `${condition?.message ?? ''}${pause}`,
      },
    },
  ];
}
