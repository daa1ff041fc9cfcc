/** The rules in deploy/crds on which controller and agent rely, for the model of the API server. */
import { isDeepStrictEqual } from 'node:util';
import { findCondition, hasEnded } from '../../src/api/conditions.js';
import type {
  Checkpoint,
  CheckpointSpec,
  CheckpointStatus,
  PodCapture,
  PodCaptureSpec,
  PodCaptureStatus,
} from '../../src/api/kinds.js';

/** The fields of a Checkpoint's spec that may be changed. Those of hold have rules of their own. */
const MUTABLE: readonly string[] = ['ttlSecondsAfterFinished', 'hold'] satisfies (keyof CheckpointSpec)[];

/** Returns the message with which the real server would answer 422; undefined when it accepts the change. */
export function violation(kind: string, before: object, after: object): string | undefined {
  switch (kind) {
    case 'Checkpoint': {
      const [old, next] = [before as Checkpoint, after as Checkpoint];
      return ofCheckpoint(old.spec, next.spec) ?? ofRelease(old, next) ?? ofEnd(old.status, next.status);
    }
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

/** A release may be taken out of the spec once the status says that it was carried out. */
function ofRelease({ spec: old, status }: Checkpoint, { spec: next }: Checkpoint): string | undefined {
  if (old.hold?.release !== true || next.hold === undefined || next.hold.release === true) return undefined;
  if (hasEnded(status) || findCondition(status?.conditions, 'Held')?.status === 'False') return undefined;
  return 'the release has not been carried out yet; apply again when the pod is let go';
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
  return ofEnd(was, is);
}

function ofEnd(
  was: PodCaptureStatus | CheckpointStatus | undefined,
  is: PodCaptureStatus | CheckpointStatus | undefined,
): string | undefined {
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
