/** Carries out the actions of a decision in order, up to the first action that fails. */
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { success, type KubeError, type KubeResult } from '../kube/result.js';
import { projectCapture, projectCheckpoint, type Caches } from './caches.js';
import { createCapture, type Refusal, type Refused } from './create-capture.js';
import type { Action, EndLabels } from './decision.js';
import { eventsOf, type EventSink } from './checkpoint-event.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from './resources.js';
import { addReleaseFinalizer, applyStatus, releaseHold, remove, removeReleaseFinalizer } from './writes.js';

export interface Hands {
  readonly api: Pick<KubeApi, 'get' | 'create' | 'apply' | 'mergePatch' | 'remove'>;
  /** The caches get the answer of each write at once, so that the next visit sees the controller's own changes. */
  readonly caches: Caches;
  readonly events: EventSink;
  /** By the UID of each Checkpoint whose PodCapture this process created and which has not ended: when that was. */
  readonly dispatches: Map<string, number>;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
  /** Called once the final status of a Checkpoint has been written. */
  readonly onEnd: (labels: EndLabels) => void;
}

/**
 * The objects that the actions change, as they are after the last action. Undefined: the object does not exist, or no
 * longer exists.
 */
export interface Subject {
  readonly checkpoint: Checkpoint | undefined;
  readonly capture: PodCapture | undefined;
}

export type ActResult =
  | { readonly kind: 'done' }
  /** The signal aborted before all actions were carried out. The next leader carries out what is missing. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'failed'; readonly action: Action['kind']; readonly error: KubeError }
  /** The server did not accept this PodCapture. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly subject: Subject };

type Step = KubeResult<Subject> | Refused;

export async function act(
  hands: Hands,
  start: Subject,
  actions: readonly Action[],
  signal: AbortSignal,
): Promise<ActResult> {
  let subject = start;
  for (const action of actions) {
    if (signal.aborted) return { kind: 'aborted' };
    const step = await take(hands, subject, action);
    if (!step.ok) {
      if ('refusal' in step) return { kind: 'refused', refusal: step.refusal, subject };
      return { kind: 'failed', action: action.kind, error: step.error };
    }
    subject = step.value;
  }
  return { kind: 'done' };
}

async function take(hands: Hands, subject: Subject, action: Action): Promise<Step> {
  // When an earlier action found the object gone, nothing more needs to be done to it.
  if (isOfCapture(action)) {
    if (subject.capture === undefined) return success(subject);
    return keepCapture(hands, subject, await changeCapture(hands, subject.capture, action));
  }
  if (subject.checkpoint === undefined) return success(subject);
  return changeCheckpoint(hands, subject, subject.checkpoint, action);
}

const OF_CAPTURE = ['remove-capture-finalizer', 'end-capture', 'release-hold', 'delete-capture'] as const;
type CaptureAction = Extract<Action, { readonly kind: (typeof OF_CAPTURE)[number] }>;

function isOfCapture(action: Action): action is CaptureAction {
  return OF_CAPTURE.some((kind) => kind === action.kind);
}

function changeCapture(
  { api }: Hands,
  capture: PodCapture,
  action: CaptureAction,
): Promise<KubeResult<PodCapture | undefined>> {
  switch (action.kind) {
    case 'remove-capture-finalizer':
      return removeReleaseFinalizer(api, PODCAPTURE_RESOURCE, capture);
    case 'end-capture':
      return applyStatus(api, PODCAPTURE_RESOURCE, capture, action.status);
    case 'release-hold':
      return releaseHold(api, capture, action.releaseReason);
    case 'delete-capture':
      return remove(api, PODCAPTURE_RESOURCE, capture);
    default:
      return action satisfies never;
  }
}

async function changeCheckpoint(
  hands: Hands,
  subject: Subject,
  checkpoint: Checkpoint,
  action: Exclude<Action, CaptureAction>,
): Promise<Step> {
  const { api, events, onEnd } = hands;
  switch (action.kind) {
    case 'add-checkpoint-finalizer':
      return keepCheckpoint(hands, subject, await addReleaseFinalizer(api, CHECKPOINT_RESOURCE, checkpoint));
    case 'remove-checkpoint-finalizer':
      return keepCheckpoint(hands, subject, await removeReleaseFinalizer(api, CHECKPOINT_RESOURCE, checkpoint));
    case 'create-capture': {
      const created = await createCapture(api, checkpoint, action);
      if ('refusal' in created) return created;
      if (created.ok) hands.dispatches.set(checkpoint.metadata.uid, hands.wall());
      return keepCapture(hands, subject, created);
    }
    case 'write-status': {
      const written = await applyStatus(api, CHECKPOINT_RESOURCE, checkpoint, action.status);
      if (written.ok && action.endLabels !== undefined) {
        hands.dispatches.delete(checkpoint.metadata.uid);
        onEnd(action.endLabels);
      }
      return keepCheckpoint(hands, subject, written);
    }
    case 'delete-checkpoint':
      return keepCheckpoint(hands, subject, await remove(api, CHECKPOINT_RESOURCE, checkpoint));
    case 'emit-event':
      for (const draft of eventsOf(checkpoint, action.event)) events.record(draft);
      return success(subject);
    default:
      return action satisfies never;
  }
}

function keepCheckpoint({ caches }: Hands, { capture }: Subject, answer: KubeResult<Checkpoint | undefined>): Step {
  if (!answer.ok) return answer;
  const checkpoint = answer.value && projectCheckpoint(answer.value);
  if (checkpoint !== undefined) caches.checkpoints.upsert(checkpoint);
  return success({ checkpoint, capture });
}

function keepCapture({ caches }: Hands, { checkpoint }: Subject, answer: KubeResult<PodCapture | undefined>): Step {
  if (!answer.ok) return answer;
  const capture = answer.value && projectCapture(answer.value);
  if (capture !== undefined) caches.captures.upsert(capture);
  return success({ checkpoint, capture });
}
