/** The rules in deploy/crds on which controller and agent rely, for the model of the API server. */
import type { Checkpoint, Condition, PodCapture } from '../../src/api/kinds.js';

/** Returns the message with which the real server would answer 422; undefined when it accepts the change. */
export function violation(kind: string, before: object, after: object): string | undefined {
  if (kind !== 'Checkpoint' && kind !== 'PodCapture') return undefined;
  const [old, next] = [before as Checkpoint | PodCapture, after as Checkpoint | PodCapture];
  if ((next.spec.hold === undefined) !== (old.spec.hold === undefined)) return 'hold can neither be added nor removed';
  if (next.spec.hold?.seconds !== old.spec.hold?.seconds) return 'hold.seconds cannot be changed';
  if (kind === 'Checkpoint') return undefined;
  const released = (old as PodCapture).spec.hold?.releaseReason;
  if (released !== undefined && (next as PodCapture).spec.hold?.releaseReason !== released)
    return 'a release is never taken back';
  const [was, is] = [(old as PodCapture).status, (next as PodCapture).status];
  if (was !== undefined && is === undefined) return 'status cannot be removed';
  if (was?.claimedBy !== undefined && was.claimedBy !== is?.claimedBy) return 'claimedBy cannot be changed';
  const ended = succeeded(was?.conditions);
  if (ended === undefined || ended.status === 'Unknown') return undefined;
  const now = succeeded(is?.conditions);
  const stays = now?.status === ended.status && now.reason === ended.reason;
  return stays ? undefined : 'a capture that has ended stays ended';
}

function succeeded(conditions: readonly Condition[] | undefined): Condition | undefined {
  return conditions?.find(({ type }) => type === 'Succeeded');
}
