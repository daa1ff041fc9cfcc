/** The main path: observe, decide, act. It may be called with a key any number of times, and does what is missing. */
import type { Checkpoint } from '../api/kinds.js';
import { describeError, isConflict, isNotFound, success, type KubeError, type KubeResult } from '../kube/result.js';
import type { Logger } from '../kube/log.js';
import type { WorkOutcome } from '../kube/work-queue.js';
import { act, type ActResult, type Hands, type RefusedAct, type Subject } from './act.js';
import { podKeyOf } from './caches.js';
import { decide } from './decide.js';
import type { Decision } from './decision.js';
import { orphanOf } from './keys.js';
import type { ReconcileMetrics, Visited } from './metrics.js';
import type { Observation } from './observation.js';
import { mayDispatch, observeCheckpoint, observeOrphan, sinceRemembered, type World } from './observe.js';
import type { KeyedLock } from './pod-lock.js';
import { refusalOf } from './refusal.js';
import { CHECKPOINT_RESOURCE } from './resources.js';
import { rowOfPod, TRY_AGAIN_MILLISECONDS } from './rules/dispatch.js';
import { decideRefused, type RefusedVisit } from './rules/refused.js';

export interface Reconciler extends World, Hands {
  readonly api: World['api'] & Hands['api'];
  readonly memory: World['memory'] & Hands['memory'];
  /**
   * Allows one visit at a time per pod. Otherwise two Checkpoints could both find the pod free, and both would be
   * dispatched.
   */
  readonly lock: KeyedLock;
  readonly metrics: ReconcileMetrics;
  readonly log: Logger;
}

/**
 * Returns when the key is to be handled again. Rejects only because of a defect. A key whose pod another visit has in hand
 * is handled again once that visit has ended; that attempt is not counted as a visit.
 */
export async function reconcile(reconciler: Reconciler, key: string, signal: AbortSignal): Promise<WorkOutcome> {
  const attempt = await reconciler.lock.tryRun(lockOf(reconciler, key), key, () =>
    reconciler.metrics.timed(() => visit(reconciler, key, signal)),
  );
  return attempt.busy ? { once: attempt.turn } : attempt.value;
}

async function visit(reconciler: Reconciler, key: string, signal: AbortSignal): Promise<Visited> {
  const captureKey = orphanOf(key);
  const observed =
    captureKey === undefined ? await observeCheckpoint(reconciler, key) : await observeOrphan(reconciler, captureKey);
  if (!observed.ok) return unobserved(reconciler, key, observed.error, signal);
  if (observed.value === undefined) return DONE;
  const decision = decide(observed.value);
  const subject = subjectOf(observed.value);
  if (decision.actions.length > 0) {
    const actions = decision.actions.map(({ kind }) => kind);
    reconciler.log.info('decided', { key, rule: decision.rule, actions });
  }
  const result = await act(reconciler, subject, decision.actions, signal);
  if (result.kind !== 'refused') return visited(reconciler, key, result, decision);
  const { stage } = observed.value;
  const pod = stage === 'Undispatched' ? observed.value.pod : undefined;
  const undispatched = stage === 'Undispatched' || stage === 'Queued' || stage === 'Denied';
  return onRefusal(reconciler, key, result, { undispatched, row: pod && rowOfPod(pod) }, signal);
}

/** The server refused a reading. What is known of the Checkpoint must do to show that, and to end it at its deadline. */
async function unobserved(
  reconciler: Reconciler,
  key: string,
  error: KubeError,
  signal: AbortSignal,
): Promise<Visited> {
  const refusal = refusalOf('observe', error);
  if (refusal === undefined) return failed(reconciler, key, 'observe', error);
  const checkpoint = orphanOf(key) === undefined ? reconciler.caches.checkpoints.get(key) : undefined;
  const refused = { kind: 'refused', step: 'observe', refusal, notFound: false } as const;
  const undispatched = checkpoint !== undefined && mayDispatch(reconciler, checkpoint);
  const known = { undispatched, row: checkpoint?.status?.pods?.[0] };
  return onRefusal(reconciler, key, { ...refused, subject: { checkpoint, capture: undefined } }, known, signal);
}

/** Shows what is refused, and tries again later. */
async function onRefusal(
  reconciler: Reconciler,
  key: string,
  { step, refusal, notFound, subject }: RefusedAct,
  known: Pick<RefusedVisit, 'undispatched' | 'row'>,
  signal: AbortSignal,
): Promise<Visited> {
  reconciler.log.warn('the API server refused a step', { key, at: step, error: refusal.message });
  if (notFound) {
    const there = await isThere(reconciler, subject.checkpoint);
    if (!there.ok) return failed(reconciler, key, step, there.error);
    // The Checkpoint disappeared during the visit. The watch will report that.
    if (!there.value) return DONE;
    // The PodCapture disappeared, or will be seen to be gone.
    if (!known.undispatched) return { outcome: 'retry', error: 'transient' };
  }
  const { checkpoint } = subject;
  if (known.undispatched && checkpoint !== undefined) {
    reconciler.memory.note(checkpoint.metadata.uid, { denied: reconciler.monotonic() });
  }
  const shownFor = checkpoint && sinceRemembered(reconciler, checkpoint, 'shown');
  const decision = decideRefused({ step, refusal, ...subject, ...known, shownFor, now: reconciler.wall() });
  const result = await act(reconciler, subject, decision.actions, signal);
  // The status is refused as well: there is no other place to show it.
  if (result.kind === 'refused') return { outcome: { afterMilliseconds: TRY_AGAIN_MILLISECONDS }, error: 'for good' };
  const { outcome, error } = visited(reconciler, key, result, decision);
  return known.undispatched ? { outcome, ...(error === undefined ? {} : { error }) } : { outcome, error: 'for good' };
}

async function isThere({ api }: Reconciler, checkpoint: Checkpoint | undefined): Promise<KubeResult<boolean>> {
  if (checkpoint === undefined) return success(false);
  const { namespace = '', name, uid } = checkpoint.metadata;
  const found = await api.get(CHECKPOINT_RESOURCE, { namespace, name });
  if (found.ok) return success(found.value.metadata.uid === uid);
  return isNotFound(found.error) ? success(false) : found;
}

const DONE: Visited = { outcome: undefined };

function visited(reconciler: Reconciler, key: string, result: ActResult, decision: Decision): Visited {
  switch (result.kind) {
    case 'failed':
      return failed(reconciler, key, result.action, result.error);
    case 'aborted':
    case 'refused':
      return { outcome: 'retry' };
    case 'done': {
      const { againAfterMilliseconds } = decision;
      if (againAfterMilliseconds === undefined) return DONE;
      return { outcome: { afterMilliseconds: againAfterMilliseconds } };
    }
    default:
      return result satisfies never;
  }
}

/** No refusal: somebody was faster, or the server did not answer or could not. */
function failed({ log }: Reconciler, key: string, at: string, error: KubeError): Visited {
  const fields = { key, at, error: describeError(error) };
  if (isConflict(error)) {
    log.debug('lost a race', fields);
    return { outcome: 'retry' };
  }
  log.warn('visit failed', fields);
  return { outcome: 'retry', error: 'transient' };
}

function subjectOf(observation: Observation): Subject {
  switch (observation.stage) {
    case 'Queued':
    case 'Denied':
    case 'Replaced':
    case 'Undispatched':
      return { checkpoint: observation.checkpoint, capture: undefined };
    case 'Settled':
      return { checkpoint: observation.checkpoint, capture: observation.capture };
    case 'Orphan':
      return { checkpoint: undefined, capture: observation.capture };
    default:
      return observation satisfies never;
  }
}

/** Returns the pod's key where the object is known; otherwise the key itself. */
function lockOf({ caches }: Reconciler, key: string): string {
  const captureKey = orphanOf(key);
  const object = captureKey === undefined ? caches.checkpoints.get(key) : caches.captures.get(captureKey);
  return object === undefined ? key : podKeyOf(object);
}
