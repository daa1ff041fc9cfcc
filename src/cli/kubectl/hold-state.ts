/** Reads from a Checkpoint whether its pod is held. Pure. */
import { findCondition, hasEnded } from '../../api/conditions.js';
import type { Checkpoint, Condition } from '../../api/kinds.js';

export function heldCondition({ status }: Checkpoint): Condition | undefined {
  return findCondition(status?.conditions, 'Held');
}

/** Whether every task of the pod stands still. */
export function isHeld(checkpoint: Checkpoint): boolean {
  return heldCondition(checkpoint)?.status === 'True' && !hasEnded(checkpoint.status);
}

/** Whether the hold is over, or will never begin. */
export function isOver(checkpoint: Checkpoint): boolean {
  return heldCondition(checkpoint)?.status === 'False' || hasEnded(checkpoint.status);
}

/** Whether somebody has asked for the release. */
export function isReleaseAsked({ spec }: Checkpoint): boolean {
  return spec.hold?.release === true;
}

/** Why the hold is over, or never began: the reason, and the sentence for people. */
export function whyOver(checkpoint: Checkpoint): { readonly reason: string; readonly message: string } {
  const held = heldCondition(checkpoint);
  const succeeded = findCondition(checkpoint.status?.conditions, 'Succeeded');
  // Both say the same if the hold never began. Held has the cause if the hold was cut short.
  const { reason = 'Pending', message = '' } = (held?.status === 'False' ? held : succeeded) ?? {};
  return { reason, message };
}

/** For how many milliseconds the pod was held, by the clock of its node. */
export function heldMilliseconds({ status }: Checkpoint): number | undefined {
  const held = Date.parse(status?.heldUntil ?? '') - Date.parse(status?.heldFrom ?? '');
  return Number.isNaN(held) ? undefined : Math.max(0, held);
}

/** When the hold ends by itself, and when every task stood still: milliseconds since the epoch, by the clock of the node. */
export function holdTimes({ status }: Checkpoint): {
  readonly from: number | undefined;
  readonly until: number | undefined;
} {
  return { from: parse(status?.heldFrom), until: parse(status?.holdUntil) };
}

function parse(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** Why it is not certain that the pod runs again, as a part of a sentence. Undefined where it does. */
export function doubtOf({ status }: Checkpoint): string | undefined {
  const released = findCondition(status?.conditions, 'Released');
  // Before the end, nobody has looked yet.
  if (released === undefined || released.status === 'True') return undefined;
  if (released.status === 'Unknown' && !hasEnded(status)) return undefined;
  const { reason, message } = released;
  const what = released.status === 'False' ? 'it may still stand still' : 'whether it runs is not known';
  return `${what}: ${reason}${message === '' ? '' : `: ${message}`}; see: kubectl stasis explain ${reason}`;
}
