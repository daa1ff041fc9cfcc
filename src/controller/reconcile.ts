/** The main path: observe, decide, act. It may be called with a key any number of times, and does what is missing. */
import { describeError, isConflict, isNotFound, isTransient, type KubeError } from '../kube/result.js';
import type { Logger } from '../kube/log.js';
import type { WorkOutcome } from '../kube/work-queue.js';
import { act, type ActResult, type Hands, type Subject } from './act.js';
import { podKeyOf } from './caches.js';
import { decide } from './decide.js';
import type { Decision } from './decision.js';
import { endActions } from './end-actions.js';
import { orphanOf } from './keys.js';
import type { ReconcileMetrics, Visited } from './metrics.js';
import type { Observation } from './observation.js';
import { observeCheckpoint, observeOrphan, type World } from './observe.js';
import type { KeyedLock } from './pod-lock.js';
import { decideForbidden, rowOfPod } from './rules/dispatch.js';
import { refusedStatus } from './status.js';

export interface Reconciler extends World, Hands {
  readonly api: World['api'] & Hands['api'];
  readonly dispatches: Hands['dispatches'];
  /**
   * Allows one visit at a time per pod. Otherwise two Checkpoints could both find the pod free, and both would be
   * dispatched.
   */
  readonly lock: KeyedLock;
  readonly metrics: ReconcileMetrics;
  readonly log: Logger;
}

/**
 * How long to wait after a failure that a retry cannot cure: long enough not to be a burden, short enough to notice
 * that somebody removed the cause.
 */
const TERMINAL_RETRY_MILLISECONDS = 5 * 60_000;

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
  if (!observed.ok) return failed(reconciler, key, 'observe', observed.error);
  if (observed.value === undefined) return DONE;
  const decision = decide(observed.value);
  const subject = subjectOf(observed.value);
  if (decision.actions.length > 0) {
    const actions = decision.actions.map(({ kind }) => kind);
    reconciler.log.info('decided', { key, rule: decision.rule, actions });
  }
  const result = await act(reconciler, subject, decision.actions, signal);
  if (result.kind !== 'refused') return visited(reconciler, key, result, decision);
  const instead = onRefusal(result, observed.value, reconciler.wall());
  return visited(reconciler, key, await act(reconciler, result.subject, instead.actions, signal), instead);
}

/**
 * The server did not accept the PodCapture. A quota or a policy is waited for; a wrong request is a defect of Stasis, and
 * the Checkpoint ends with InternalError.
 */
function onRefusal(
  { refusal, subject }: Extract<ActResult, { readonly kind: 'refused' }>,
  observation: Observation,
  now: number,
): Decision {
  const { checkpoint } = subject;
  if (checkpoint === undefined) return { rule: refusal.reason, actions: [] };
  const pod = observation.stage === 'Undispatched' ? observation.pod : undefined;
  const row = pod && rowOfPod(pod);
  if (refusal.reason === 'DispatchForbidden') return decideForbidden(checkpoint, refusal.message, row, now);
  return { rule: refusal.reason, actions: endActions(checkpoint, refusedStatus(checkpoint, refusal, row, now)) };
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

function failed({ log }: Reconciler, key: string, at: string, error: KubeError): Visited {
  // The object disappeared during the visit. The watch will report that.
  if (isNotFound(error)) return DONE;
  const fields = { key, at, error: describeError(error) };
  if (isConflict(error)) {
    log.debug('lost a race', fields);
    return { outcome: 'retry' };
  }
  log.warn('visit failed', fields);
  // 403 and 409 are retried too: permissions and the answers of an admission policy can change at any time.
  if (isTransient(error) || error.code === undefined || error.code === 403 || error.code === 409) {
    return { outcome: 'retry', error: 'transient' };
  }
  return { outcome: { afterMilliseconds: TERMINAL_RETRY_MILLISECONDS }, error: 'for good' };
}

function subjectOf(observation: Observation): Subject {
  switch (observation.stage) {
    case 'Queued':
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
