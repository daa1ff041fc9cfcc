/** Says in a few words where a Checkpoint stands. Pure. */
import { findCondition, hasEnded } from '../../api/conditions.js';
import type { Checkpoint } from '../../api/kinds.js';

/**
 * Returns one line: the state, what the Checkpoint waits for, and for how long.
 *
 * @param waited milliseconds since the command began to wait, by the clock of this machine: the times of the Checkpoint come from
 * other clocks. Without it the line has no time.
 */
export function progressLine(checkpoint: Checkpoint, waited?: number): string {
  const { name } = checkpoint.metadata;
  const succeeded = findCondition(checkpoint.status?.conditions, 'Succeeded');
  const [row] = checkpoint.status?.pods ?? [];
  const where = row?.nodeName === undefined || row.nodeName === '' ? '' : ` on ${row.nodeName}`;
  const reason = succeeded?.reason ?? 'Pending';
  const since = Math.floor((waited ?? 0) / 1000);
  // A wait of some seconds needs its explanation; before that the message would only flicker.
  const why = since >= 3 && !hasEnded(checkpoint.status) ? firstSentence(succeeded?.message ?? '') : '';
  const age = since >= 1 && !hasEnded(checkpoint.status) ? ` (${since}s)` : '';
  return `${name}: ${reason}${where}${age}${why === '' ? '' : `: ${why}`}`;
}

/** The message of a condition may have 4,096 characters. */
function firstSentence(message: string): string {
  return /^.*?[.;](?=\s|$)/s.exec(message)?.[0].slice(0, -1) ?? message;
}
