/**
 * Rules for a capture that has ended: the result is copied to the Checkpoint, and the finalizers are removed only
 * afterwards. Pure.
 */
import { RELEASE_FINALIZER } from '../../api/kinds.js';
import type { Checkpoint, PodCapture } from '../../api/kinds.js';
import { hasEnded } from '../../api/conditions.js';
import { wait, type Action, type Decision } from '../decision.js';
import { endActions } from '../end-actions.js';
import type { Settled } from '../observation.js';
import { endedStatus, refreshedStatus, vanishedStatus } from '../status.js';

/**
 * The longest time until the next visit, in milliseconds. A timer cannot run longer than 24 days, and the clock may be
 * changed meanwhile.
 */
const LONGEST_WAIT_MILLISECONDS = 3_600_000;

/** The agent has reported the end, and the Checkpoint does not show it yet. */
export function captureEnded({ checkpoint, capture, now }: Settled): Decision | undefined {
  if (capture === undefined || !hasEnded(capture.status) || hasEnded(checkpoint.status)) return undefined;
  const actions = [
    ...endActions(checkpoint, endedStatus(checkpoint, capture, now)),
    ...finalizerRemovals(checkpoint, capture),
  ];
  return { rule: 'captureEnded', actions };
}

/**
 * The PodCapture existed and is gone without a report: somebody removed its finalizer by hand. It is not created a
 * second time, because the agent may already have been carrying it out.
 */
export function captureVanished({ checkpoint, captureName, capture, now }: Settled): Decision | undefined {
  // A Checkpoint that is deleted before it was dispatched has no capture that could have ended.
  const { deletionTimestamp } = checkpoint.metadata;
  const dispatched = checkpoint.status?.conditions?.some(
    ({ type, status }) => type === 'Dispatched' && status === 'True',
  );
  if (capture !== undefined || hasEnded(checkpoint.status)) return undefined;
  if (deletionTimestamp !== undefined && dispatched !== true) return undefined;
  const status = vanishedStatus(checkpoint, captureName, now);
  return {
    rule: 'captureVanished',
    actions: [...endActions(checkpoint, status), ...finalizerRemovals(checkpoint, undefined)],
  };
}

/**
 * The Checkpoint has ended. What remains: removing finalizers, recording the generation of a change without effect, the
 * time to live, and the limit of the history.
 */
export function finished({ checkpoint, capture, now, isExcess, settings }: Settled): Decision | undefined {
  const { status, spec, metadata } = checkpoint;
  if (status === undefined || !hasEnded(status)) return undefined;
  // Only a status written by somebody else can say that the Checkpoint ended while its capture runs. Nobody waits for
  // that capture, so it is cancelled.
  if (capture !== undefined && !hasEnded(capture.status)) return cancel('finished', capture);
  const removals = finalizerRemovals(checkpoint, capture);
  if (metadata.deletionTimestamp !== undefined) return { rule: 'finished', actions: removals };
  const refreshed = refreshedStatus(checkpoint, now);
  const actions: readonly Action[] = [
    ...removals,
    ...(refreshed === undefined ? [] : [{ kind: 'write-status', status: refreshed } as const]),
  ];
  if (isExcess) return { rule: 'historyLimit', actions: [...removals, { kind: 'delete-checkpoint' }] };
  if (isTracked(checkpoint)) return { rule: 'finished', actions };
  const seconds = spec.ttlSecondsAfterFinished ?? settings.defaultTTLSeconds;
  const ttl = timeToLive(seconds, status.completionTime, now);
  if (ttl === undefined) return { rule: 'finished', actions };
  if (ttl <= 0) return { rule: 'timeToLive', actions: [...removals, { kind: 'delete-checkpoint' }] };
  return { rule: 'finished', actions, againAfterMilliseconds: Math.min(ttl, LONGEST_WAIT_MILLISECONDS) };
}

/** The marks of the tools that keep objects as their manifests say: Argo CD, and the two controllers of Flux. */
export const TRACKING_ANNOTATION = 'argocd.argoproj.io/tracking-id';
export const TRACKING_LABELS = ['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'];

/**
 * Whether a tool would make the Checkpoint again if it were deleted. The new object would be another Checkpoint, and the
 * pod would be captured again, each time that the old one is cleaned up. Anybody can set these marks, so history.ts bounds
 * how many such Checkpoints a namespace keeps.
 */
export function isTracked({ metadata }: Checkpoint): boolean {
  const { annotations, labels } = metadata;
  if (annotations?.[TRACKING_ANNOTATION] !== undefined) return true;
  return TRACKING_LABELS.some((label) => labels?.[label] !== undefined);
}

/**
 * Milliseconds until the Checkpoint is to be deleted; undefined: never. completionTime is cut to whole seconds, so the
 * end may have been up to one second later.
 */
function timeToLive(seconds: number | undefined, completionTime: string | undefined, now: number): number | undefined {
  if (seconds === undefined || completionTime === undefined) return undefined;
  return Date.parse(completionTime) + (seconds === 0 ? 0 : 1 + seconds) * 1000 - now;
}

/**
 * The actions that remove the finalizers. The capture comes first: once the Checkpoint is gone, the capture could only
 * be found as an orphan.
 */
export function finalizerRemovals(checkpoint: Checkpoint, capture: PodCapture | undefined): readonly Action[] {
  const actions: Action[] = [];
  if (capture?.metadata.finalizers?.includes(RELEASE_FINALIZER) === true)
    actions.push({ kind: 'remove-capture-finalizer' });
  if (checkpoint.metadata.finalizers?.includes(RELEASE_FINALIZER) === true)
    actions.push({ kind: 'remove-checkpoint-finalizer' });
  return actions;
}

/**
 * Deletes the PodCapture. The agent sees the deletionTimestamp, releases the pod and reports; until then the finalizer
 * keeps the object.
 */
export function cancel(rule: string, { metadata }: PodCapture): Decision {
  return metadata.deletionTimestamp === undefined ? { rule, actions: [{ kind: 'delete-capture' }] } : wait(rule);
}
