/** Rules for what has ended: the result is copied, and only then does what guards it go. Pure. */
import { RELEASE_FINALIZER } from '../../api/kinds.js';
import type { Checkpoint, PodCapture } from '../../api/kinds.js';
import { hasEnded } from '../condition.js';
import { wait, type Action, type Decision } from '../decision.js';
import { ended } from '../ending.js';
import type { Settled } from '../observation.js';
import { endedStatus, vanishedStatus } from '../status.js';

/** Timers go no further than 24 days, and the clock may be set meanwhile. */
const LONGEST_WAIT = 3_600_000;

/** The agent has reported, the Checkpoint does not say so yet. */
export function captureEnded({ checkpoint, capture, now }: Settled): Decision | undefined {
  if (capture === undefined || !hasEnded(capture.status) || hasEnded(checkpoint.status)) return undefined;
  const actions = [...ended(checkpoint, endedStatus(checkpoint, capture, now)), ...unguard(checkpoint, capture)];
  return { rule: 'captureEnded', actions };
}

/**
 * It was made, and is gone without a report: someone took the finalizer off by hand. It is never made a second time: the
 * agent may have been at it.
 */
export function captureVanished({ checkpoint, captureName, capture, now }: Settled): Decision | undefined {
  // One that is deleted before it was dispatched has nothing that could have ended.
  const { deletionTimestamp } = checkpoint.metadata;
  const dispatched = checkpoint.status?.conditions?.some(
    ({ type, status }) => type === 'Dispatched' && status === 'True',
  );
  if (capture !== undefined || hasEnded(checkpoint.status)) return undefined;
  if (deletionTimestamp !== undefined && dispatched !== true) return undefined;
  const status = vanishedStatus(checkpoint, captureName, now);
  return { rule: 'captureVanished', actions: [...ended(checkpoint, status), ...unguard(checkpoint, undefined)] };
}

/** All is said. What is left: the finalizers, the number of a generation that changed nothing, and the time to live. */
export function finished({ checkpoint, capture, now }: Settled): Decision | undefined {
  const { status, spec, metadata } = checkpoint;
  if (status === undefined || !hasEnded(status)) return undefined;
  // Only a status written by someone else can say so while a capture runs: nobody waits for it, so it is let go.
  if (capture !== undefined && !hasEnded(capture.status)) return cancel('finished', capture);
  const guards = unguard(checkpoint, capture);
  if (metadata.deletionTimestamp !== undefined) return { rule: 'finished', actions: guards };
  const { generation } = metadata;
  const seen: readonly Action[] =
    generation === undefined || status.observedGeneration === generation
      ? []
      : [{ kind: 'write-status', status: { ...status, observedGeneration: generation } }];
  const ttl = timeToLive(spec.ttlSecondsAfterFinished, status.completionTime, now);
  if (ttl === undefined) return { rule: 'finished', actions: [...guards, ...seen] };
  if (ttl <= 0) return { rule: 'timeToLive', actions: [...guards, { kind: 'delete-checkpoint' }] };
  return { rule: 'finished', actions: [...guards, ...seen], againAfterMilliseconds: Math.min(ttl, LONGEST_WAIT) };
}

/** Milliseconds left; undefined: for ever. completionTime is cut to whole seconds, so the end may have been up to one later. */
function timeToLive(seconds: number | undefined, completionTime: string | undefined, now: number): number | undefined {
  if (seconds === undefined || completionTime === undefined) return undefined;
  return Date.parse(completionTime) + (seconds === 0 ? 0 : 1 + seconds) * 1000 - now;
}

/** The capture first: when the Checkpoint is gone nobody finds its way back to it but by the orphans. */
export function unguard(checkpoint: Checkpoint, capture: PodCapture | undefined): readonly Action[] {
  const actions: Action[] = [];
  if (capture?.metadata.finalizers?.includes(RELEASE_FINALIZER) === true) actions.push({ kind: 'unguard-capture' });
  if (checkpoint.metadata.finalizers?.includes(RELEASE_FINALIZER) === true)
    actions.push({ kind: 'unguard-checkpoint' });
  return actions;
}

/** The agent sees the deletionTimestamp, lets go, and reports; the finalizer keeps the object that long. */
export function cancel(rule: string, { metadata }: PodCapture): Decision {
  return metadata.deletionTimestamp === undefined ? { rule, actions: [{ kind: 'delete-capture' }] } : wait(rule);
}
