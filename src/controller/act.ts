/** Carries out the actions of a decision in order, up to the first action that fails. */
import { hasEnded } from '../api/conditions.js';
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { isNotFound, success, type KubeError, type KubeResult } from '../kube/result.js';
import { projectCapture, projectCheckpoint, type Caches } from './caches.js';
import type { CheckpointMemory } from './checkpoint-memory.js';
import { createCapture } from './create-capture.js';
import type { Action, EndLabels } from './decision.js';
import { eventsOf, type EventSink } from './checkpoint-event.js';
import { refusalOf, type Refusal, type Refused, type Step as StepName } from './refusal.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from './resources.js';
import { addReleaseFinalizer, applyStatus, releaseHold, remove, removeReleaseFinalizer } from './writes.js';

export interface Hands {
  readonly api: Pick<KubeApi, 'get' | 'create' | 'apply' | 'mergePatch' | 'remove'>;
  /** The caches get the answer of each write at once, so that the next visit sees the controller's own changes. */
  readonly caches: Caches;
  readonly events: EventSink;
  readonly memory: Pick<CheckpointMemory, 'note' | 'forget'>;
  /** Milliseconds since an arbitrary start. */
  readonly monotonic: () => number;
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
  | RefusedAct;

/** The server did not accept a step. */
export interface RefusedAct {
  readonly kind: 'refused';
  readonly step: StepName;
  readonly refusal: Refusal;
  /** The server knows no such object, or no such kind. */
  readonly notFound: boolean;
  readonly subject: Subject;
}

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
    if (!step.ok) return stopped(action.kind, step, subject);
    subject = step.value;
  }
  return { kind: 'done' };
}

function stopped(step: Action['kind'], answer: Exclude<Step, { readonly ok: true }>, subject: Subject): ActResult {
  if ('refusal' in answer) return { kind: 'refused', step: 'create-capture', notFound: false, ...answer, subject };
  const { error } = answer;
  const refusal = step === 'emit-event' ? undefined : refusalOf(step, error);
  if (refusal === undefined || step === 'emit-event') return { kind: 'failed', action: step, error };
  return { kind: 'refused', step, refusal, notFound: isNotFound(error), subject };
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
      if (created.ok) hands.memory.note(checkpoint.metadata.uid, { dispatched: hands.monotonic() });
      return keepCapture(hands, subject, created);
    }
    case 'write-status': {
      const written = await applyStatus(api, CHECKPOINT_RESOURCE, checkpoint, action.status);
      if (written.ok && !hasEnded(action.status))
        hands.memory.note(checkpoint.metadata.uid, { shown: hands.monotonic() });
      if (written.ok && action.endLabels !== undefined) {
        hands.memory.forget(checkpoint.metadata.uid);
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
