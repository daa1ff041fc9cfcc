/** The rules in deploy/crds on which controller and agent rely, for the model of the API server. */
import { isDeepStrictEqual } from 'node:util';
import { findCondition } from '../../src/api/conditions.js';
import type { Checkpoint, CheckpointSpec, PodCapture, PodCaptureSpec, PodCaptureStatus } from '../../src/api/kinds.js';

/** The fields of a Checkpoint's spec that may be changed. Those of hold have rules of their own. */
const MUTABLE: readonly string[] = ['ttlSecondsAfterFinished', 'hold'] satisfies (keyof CheckpointSpec)[];

/** Returns the message with which the real server would answer 422; undefined when it accepts the change. */
export function violation(kind: string, before: object, after: object): string | undefined {
  switch (kind) {
    case 'Checkpoint':
      return ofCheckpoint((before as Checkpoint).spec, (after as Checkpoint).spec);
    case 'PodCapture': {
      const [old, next] = [before as PodCapture, after as PodCapture];
      return ofCapture(old.spec, next.spec) ?? ofStatus(old.status, next.status);
    }
    default:
      return undefined;
  }
}

function ofCheckpoint(old: CheckpointSpec, next: CheckpointSpec): string | undefined {
  if ((next.podName === undefined) === (next.podSelector === undefined))
    return 'exactly one of podName and podSelector must be set';
  if (next.podSelector !== undefined) return 'podSelector is reserved and not implemented yet; name one pod in podName';
  const changed = changedField(old, next, MUTABLE);
  if (changed !== undefined) return `${changed} cannot be changed`;
  if ((old.hold === undefined) !== (next.hold === undefined)) return 'hold can neither be added nor removed';
  if (old.hold?.seconds !== next.hold?.seconds) return 'hold.seconds cannot be changed';
  return (old.hold?.despiteProbes ?? false) === (next.hold?.despiteProbes ?? false)
    ? undefined
    : 'hold.despiteProbes cannot be changed';
}

function ofCapture(old: PodCaptureSpec, next: PodCaptureSpec): string | undefined {
  const changed = changedField(old, next, ['hold']);
  if (changed !== undefined) return `${changed} cannot be changed`;
  if ((old.hold === undefined) !== (next.hold === undefined)) return 'hold can neither be added nor removed';
  if (old.hold?.seconds !== next.hold?.seconds) return 'hold.seconds cannot be changed';
  const was = old.hold?.releaseReason;
  return was === undefined || was === next.hold?.releaseReason ? undefined : 'a release is never taken back';
}

function ofStatus(was: PodCaptureStatus | undefined, is: PodCaptureStatus | undefined): string | undefined {
  if (was !== undefined && is === undefined) return 'status cannot be taken away';
  if (was?.claimedBy !== undefined && was.claimedBy !== is?.claimedBy)
    return 'claimed already, and a claim is for good';
  const ended = findCondition(was?.conditions, 'Succeeded');
  if (ended === undefined || ended.status === 'Unknown') return undefined;
  const now = findCondition(is?.conditions, 'Succeeded');
  const stays = now?.status === ended.status && now.reason === ended.reason;
  return stays ? undefined : 'it has ended, and what has ended stays ended';
}

function changedField(old: object, next: object, except: readonly string[]): string | undefined {
  const fields = new Set([...Object.keys(old), ...Object.keys(next)].filter((field) => !except.includes(field)));
  const values = [old, next].map((spec) => spec as Readonly<Record<string, unknown>>);
  return [...fields].find((field) => !isDeepStrictEqual(values[0]?.[field], values[1]?.[field]));
}
