/**
 * Decides about a Checkpoint that is not dispatched: refuse it, let it wait, or dispatch it. Pure.
 */
import { podNameOf } from '../../api/checkpoint-pod.js';
import { findCondition } from '../../api/conditions.js';
import type { Checkpoint, PodCaptureSpec } from '../../api/kinds.js';
import { RELEASE_FINALIZER } from '../../api/kinds.js';
import { asksForHold, sameStatus } from '../assemble.js';
import { chooseContainers } from '../../pod/containers.js';
import { endActions } from '../end-actions.js';
import { wait, type Action, type CheckpointEvent, type Decision } from '../decision.js';
import type { AgentState, Denied, Queued, Undispatched } from '../observation.js';
import type { Pod } from '../resources.js';
import { isReleaseRequested, refusedStatus, waitingStatus, type PodRow } from '../status.js';
import type { Why } from '../../pod/why.js';
import { deadlineExceeded, obstacleOf, untilDeadline } from './deadline.js';
import { untilShown } from './obstacle.js';
import { findRefusal } from './refusals.js';

/**
 * How often a Checkpoint that waits is visited without an event, in milliseconds. The end of a capture and the return of
 * an agent wake the Checkpoint at once; this interval limits the damage if such an event were missed.
 */
const LOOK_AGAIN_MILLISECONDS = 10_000;
/**
 * The first status of a dispatched Checkpoint is written only after this time, in milliseconds, if it has not ended by
 * then. Most captures end sooner, and each write of a status costs a request.
 */
export const SHOW_DISPATCHED_AFTER_MILLISECONDS = 300;
/**
 * How long a step that the API server refused is not tried again, in milliseconds, whatever wakes the Checkpoint. No event tells
 * that a quota has room.
 */
export const TRY_AGAIN_MILLISECONDS = 5_000;

/**
 * The Checkpoint waits behind others of its pod, as it did when it was last looked at, or its deadline is over. Nothing is
 * written while it waits, but for a release: only the status keeps one that is asked for before there is a PodCapture.
 */
export function decideQueued({ checkpoint, now }: Queued): Decision {
  const left = untilDeadline(checkpoint, now);
  if (left > 0) {
    const latch = mustLatchRelease(checkpoint);
    const status = waitingStatus(checkpoint, obstacleOf(checkpoint), checkpoint.status?.pods?.[0], now);
    return {
      rule: latch ? 'ReleaseRequested' : 'PodBusy',
      actions: latch ? [{ kind: 'write-status', status }] : [],
      againAfterMilliseconds: left,
    };
  }
  const end = deadlineExceeded(checkpoint, obstacleOf(checkpoint));
  return { rule: end.reason, actions: endActions(checkpoint, refusedStatus(checkpoint, end, undefined, now)) };
}

/** The author has asked for the release, and the status does not say so yet. */
function mustLatchRelease(checkpoint: Checkpoint): boolean {
  if (!asksForHold(checkpoint) || !isReleaseRequested(checkpoint)) return false;
  return findCondition(checkpoint.status?.conditions, 'Held')?.status !== 'False';
}

/** The API server is not asked again yet. */
export function decideDenied({ checkpoint, deniedFor, now }: Denied): Decision {
  const unread = decideQueued({ stage: 'Queued', checkpoint, now });
  const again = Math.min(unread.againAfterMilliseconds ?? Number.POSITIVE_INFINITY, TRY_AGAIN_MILLISECONDS - deniedFor);
  return untilDeadline(checkpoint, now) > 0 ? { ...unread, againAfterMilliseconds: again } : unread;
}

export function decideUndispatched(observation: Undispatched): Decision {
  const refusal = findRefusal(observation);
  const { checkpoint, pod, now, predecessor } = observation;
  if (refusal !== undefined || pod === undefined) {
    const why = refusal ?? { reason: 'PodNotFound', message: '' };
    return {
      rule: why.reason,
      actions: endActions(checkpoint, refusedStatus(checkpoint, why, pod && rowOfPod(pod), now)),
    };
  }
  const obstacle = findObstacle(observation, pod);
  if (untilDeadline(checkpoint, now) <= 0) {
    const end = deadlineExceeded(checkpoint, obstacle ?? obstacleOf(checkpoint));
    return { rule: end.reason, actions: endActions(checkpoint, refusedStatus(checkpoint, end, rowOfPod(pod), now)) };
  }
  if (obstacle === undefined) return dispatch(observation, pod);
  const again = predecessor === undefined ? LOOK_AGAIN_MILLISECONDS : Number.POSITIVE_INFINITY;
  return waitFor(checkpoint, obstacle, rowOfPod(pod), now, again, observation.shownFor);
}

/**
 * The API server does not accept a step on the way to the PodCapture, because of a quota, a policy, a webhook or a missing
 * permission. The Checkpoint tries again until its deadline.
 */
export function decideForbidden(
  checkpoint: Checkpoint,
  message: string,
  row: PodRow | undefined,
  now: number,
  shownFor: number | undefined,
): Decision {
  const why: Why = { reason: 'DispatchForbidden', message };
  if (untilDeadline(checkpoint, now) <= 0) {
    const end = deadlineExceeded(checkpoint, why);
    return { rule: end.reason, actions: endActions(checkpoint, refusedStatus(checkpoint, end, row, now)) };
  }
  return waitFor(checkpoint, why, row, now, TRY_AGAIN_MILLISECONDS, shownFor);
}

/** Returns what stands in the way and may pass by itself. */
function findObstacle({ predecessor, agent }: Undispatched, { metadata, spec }: Pod): Why | undefined {
  // The message does not name the predecessor: the predecessor changes with every end in the queue, and each change
  // would cost one write per waiting Checkpoint.
  if (predecessor !== undefined) {
    return { reason: 'PodBusy', message: `other Checkpoints of pod ${metadata.name} come first` };
  }
  if (agent === 'Alive') return undefined;
  return { reason: 'NodeAgentUnavailable', message: ABSENT[agent](spec.nodeName ?? '') };
}

/** An agent that is lost may come back within seconds, for instance when its node has been restarted. */
const ABSENT: Readonly<Record<Exclude<AgentState, 'Alive'>, (nodeName: string) => string>> = {
  Unknown: (nodeName) =>
    `waits for a sign of life of the agent of node ${nodeName}, which this controller has not been able to see yet`,
  Away: (nodeName) => `waits for an agent of Stasis on node ${nodeName}: none runs there now`,
  Lost: (nodeName) => `waits for the agent of node ${nodeName}, which gives no sign of life`,
};

function waitFor(
  checkpoint: Checkpoint,
  why: Why,
  row: PodRow | undefined,
  now: number,
  againAfterMilliseconds: number,
  shownFor: number | undefined,
): Decision {
  const status = waitingStatus(checkpoint, why, row, now);
  const again = Math.min(againAfterMilliseconds, Math.max(1, untilDeadline(checkpoint, now)));
  if (sameStatus(status, checkpoint.status)) return wait(why.reason, again);
  const later = untilShown(status, checkpoint.status, shownFor);
  if (later > 0) return wait(why.reason, Math.min(again, later));
  const actions: Action[] = [{ kind: 'write-status', status }, ...obstacleEvents(checkpoint, why)];
  return { rule: why.reason, actions, againAfterMilliseconds: again };
}

/** An Event for what somebody has to mend. A queue needs no Event: it moves on by itself. */
export function obstacleEvents(checkpoint: Checkpoint, why: Why): readonly Action[] {
  if (!NEEDS_SOMEBODY.includes(why.reason) || obstacleOf(checkpoint).reason === why.reason) return [];
  const event: CheckpointEvent = { type: 'Warning', reason: why.reason, note: why.message };
  return [{ kind: 'emit-event', event }];
}

const NEEDS_SOMEBODY: readonly Why['reason'][] = ['NodeAgentUnavailable', 'DispatchForbidden', 'NodeBusy'];

/**
 * When the Checkpoint asks for a hold, its finalizer is added first: from the moment that a PodCapture exists, `kubectl
 * delete` must wait for the release. The status is not written here: the PodCapture itself shows that the Checkpoint was
 * dispatched, and most captures have ended before anybody could read such a status. The rule `progress` writes it later.
 */
function dispatch({ checkpoint, captureName }: Undispatched, pod: Pod): Decision {
  // The last look before a pod is frozen: a mistake in what was read must not reach another pod than the one asked for.
  if (pod.metadata.name !== podNameOf(checkpoint)) {
    throw new Error(`pod ${pod.metadata.name} was read for a Checkpoint of pod ${podNameOf(checkpoint)}`);
  }
  const choice = chooseContainers(pod, checkpoint.spec.containers);
  const spec = captureSpec(checkpoint, pod, choice.ok ? choice.containers : []);
  const holds = spec.hold !== undefined && checkpoint.metadata.finalizers?.includes(RELEASE_FINALIZER) !== true;
  const finalizer: readonly Action[] = holds ? [{ kind: 'add-checkpoint-finalizer' }] : [];
  return {
    rule: 'Dispatched',
    actions: [...finalizer, { kind: 'create-capture', name: captureName, spec }],
    againAfterMilliseconds: SHOW_DISPATCHED_AFTER_MILLISECONDS,
  };
}

/** The spec of the Checkpoint's PodCapture, with everything settled that the node agent needs. */
export function captureSpec(
  checkpoint: Checkpoint,
  { metadata, spec: { nodeName = '' } }: Pod,
  containers: PodCaptureSpec['containers'],
): PodCaptureSpec {
  const { spec } = checkpoint;
  return {
    nodeName,
    podName: metadata.name,
    podUID: metadata.uid,
    containers,
    // The server fills in these defaults. The values here are the schema's; they matter only for an object older than
    // the schema's defaults.
    freezer: spec.freezer ?? 'Auto',
    timeoutSeconds: spec.timeoutSeconds ?? 10,
    ...(asksForHold(checkpoint) && spec.hold !== undefined
      ? {
          hold: {
            seconds: spec.hold.seconds,
            ...(isReleaseRequested(checkpoint) ? { releaseReason: 'ReleaseRequested' } : {}),
          },
        }
      : {}),
    ...(spec.maxPauseMilliseconds === undefined ? {} : { maxPauseMilliseconds: spec.maxPauseMilliseconds }),
    dryRun: spec.dryRun ?? false,
    ...(spec.include === undefined ? {} : { include: spec.include }),
  };
}

export function rowOfPod({ metadata, spec }: Pod): PodRow | undefined {
  const { nodeName = '' } = spec;
  return nodeName === '' ? undefined : { podName: metadata.name, podUID: metadata.uid, nodeName };
}
