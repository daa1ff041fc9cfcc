/**
 * Decides about a Checkpoint that is not dispatched: refuse it, let it wait for earlier Checkpoints of its pod, or
 * dispatch it. Pure.
 */
import type { Checkpoint, PodCaptureSpec } from '../../api/kinds.js';
import { RELEASE_FINALIZER } from '../../api/kinds.js';
import { chooseContainers } from '../containers.js';
import { endActions } from '../end-actions.js';
import type { Action, Decision } from '../decision.js';
import type { Undispatched } from '../observation.js';
import type { Pod } from '../resources.js';
import { dispatchedStatus, refusedStatus, sameStatus, waitingStatus, type PodRow } from '../status.js';
import { findRefusal } from './refusals.js';

/**
 * How often a waiting Checkpoint is visited without an event. The end of a capture wakes it at once; this interval
 * limits the damage if that event were missed.
 */
const LOOK_AGAIN_MILLISECONDS = 30_000;

export function decideUndispatched(observation: Undispatched): Decision {
  const refusal = findRefusal(observation);
  const { checkpoint, pod, now, predecessor } = observation;
  if (refusal !== undefined || pod === undefined) {
    const { reason, message } = refusal ?? { reason: 'PodNotFound', message: '' };
    const status = refusedStatus(checkpoint, { reason, message }, pod && rowOfPod(pod), now);
    return { rule: reason, actions: endActions(checkpoint, status) };
  }
  if (predecessor === undefined) return dispatch(observation, pod);
  // The message does not name the predecessor: the predecessor changes with every end in the queue, and each change
  // would cost one write per waiting Checkpoint.
  const message = `other Checkpoints of pod ${pod.metadata.name} come first`;
  const row = rowOfPod(pod);
  const status = row && waitingStatus(checkpoint, row, message, now);
  const same = status === undefined || sameStatus(status, checkpoint.status);
  return {
    rule: 'PodBusy',
    actions: same ? [] : [{ kind: 'write-status', status }],
    againAfterMilliseconds: LOOK_AGAIN_MILLISECONDS,
  };
}

/**
 * When the Checkpoint asks for a hold, its finalizer is added first: from the moment that a PodCapture exists, `kubectl
 * delete` must wait for the release. The status is written last: if the controller dies before that, the PodCapture
 * itself shows that the Checkpoint was dispatched.
 */
function dispatch({ checkpoint, captureName, now }: Undispatched, pod: Pod): Decision {
  const choice = chooseContainers(pod, checkpoint.spec.containers);
  const spec = captureSpec(checkpoint, pod, choice.ok ? choice.containers : []);
  const message = `waits for the agent of node ${spec.nodeName}`;
  const capture = { name: captureName, spec };
  const status = dispatchedStatus(checkpoint, capture, { reason: 'Dispatched', message }, now);
  const holds = spec.holdSeconds > 0 && checkpoint.metadata.finalizers?.includes(RELEASE_FINALIZER) !== true;
  const finalizer: readonly Action[] = holds ? [{ kind: 'add-checkpoint-finalizer' }] : [];
  return {
    rule: 'Dispatched',
    actions: [...finalizer, { kind: 'create-capture', name: captureName, spec }, { kind: 'write-status', status }],
  };
}

function captureSpec(
  { spec }: Checkpoint,
  { metadata, spec: { nodeName = '' } }: Pod,
  containers: PodCaptureSpec['containers'],
): PodCaptureSpec {
  return {
    nodeName,
    podName: metadata.name,
    podUID: metadata.uid,
    containers,
    // The server fills in these defaults. The values here are the schema's; they matter only for an object older than
    // the schema's defaults.
    freezer: spec.freezer ?? 'Auto',
    timeoutSeconds: spec.timeoutSeconds ?? 10,
    holdSeconds: spec.dryRun === true ? 0 : (spec.holdSeconds ?? 0),
    ...(spec.maxPauseMilliseconds === undefined ? {} : { maxPauseMilliseconds: spec.maxPauseMilliseconds }),
    dryRun: spec.dryRun ?? false,
    ...(spec.include === undefined ? {} : { include: spec.include }),
  };
}

function rowOfPod({ metadata, spec }: Pod): PodRow | undefined {
  const { nodeName = '' } = spec;
  return nodeName === '' ? undefined : { podName: metadata.name, podUID: metadata.uid, nodeName };
}
