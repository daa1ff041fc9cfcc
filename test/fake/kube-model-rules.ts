/** The rules of deploy/crds that controller and agent rest on, for the model of the API server. */
import type { Checkpoint, Condition, PodCapture } from '../../src/api/kinds.js';

/** What the real server would say with 422; undefined where it takes the change. */
export function violation(kind: string, before: object, after: object): string | undefined {
  if (kind !== 'Checkpoint' && kind !== 'PodCapture') return undefined;
  const [old, next] = [before as Checkpoint | PodCapture, after as Checkpoint | PodCapture];
  if ((next.spec.holdSeconds ?? 0) > (old.spec.holdSeconds ?? 0)) return 'holdSeconds may only be lowered';
  if (kind === 'Checkpoint') return undefined;
  const [was, is] = [(old as PodCapture).status, (next as PodCapture).status];
  if (was !== undefined && is === undefined) return 'status cannot be taken away';
  if (was?.claimedBy !== undefined && was.claimedBy !== is?.claimedBy)
    return 'claimed already, and a claim is for good';
  const ended = succeeded(was?.conditions);
  if (ended === undefined || ended.status === 'Unknown') return undefined;
  const now = succeeded(is?.conditions);
  const stays = now?.status === ended.status && now.reason === ended.reason;
  return stays ? undefined : 'it has ended, and what has ended stays ended';
}

function succeeded(conditions: readonly Condition[] | undefined): Condition | undefined {
  return conditions?.find(({ type }) => type === 'Succeeded');
}
