/** Decides what to do when the API server refused a step of a visit. Pure. */
import { hasEnded } from '../../api/conditions.js';
import type { Checkpoint, PodCapture } from '../../api/kinds.js';
import type { Decision } from '../decision.js';
import { endActions } from '../end-actions.js';
import { obstacleStatus } from '../obstacle-status.js';
import { refusedStep, type Refusal, type Step } from '../refusal.js';
import { refusedStatus, type PodRow } from '../status.js';
import { decideForbidden, TRY_AGAIN_MILLISECONDS } from './dispatch.js';
import { progressOf } from './running.js';

export interface RefusedVisit {
  readonly step: Step;
  readonly refusal: Refusal;
  readonly checkpoint: Checkpoint | undefined;
  readonly capture: PodCapture | undefined;
  /** Whether there may still be a PodCapture to create: the Checkpoint then ends at its starting deadline. */
  readonly undispatched: boolean;
  readonly row: PodRow | undefined;
  /** For how long this process has shown the present status, in milliseconds; undefined where it has written none. */
  readonly shownFor: number | undefined;
  readonly now: number;
}

/**
 * Every refused step is shown on the Checkpoint and tried again. A wrong PodCapture is a defect of Stasis, and ends the
 * Checkpoint. When the status itself is refused, nothing can be shown.
 */
export function decideRefused(visit: RefusedVisit): Decision {
  const { step, refusal, checkpoint, capture, undispatched, row, shownFor, now } = visit;
  const again: Decision = { rule: 'refused', actions: [], againAfterMilliseconds: TRY_AGAIN_MILLISECONDS };
  if (checkpoint === undefined || step === 'write-status') return again;
  if (refusal.reason === 'InternalError') {
    return { rule: refusal.reason, actions: endActions(checkpoint, refusedStatus(checkpoint, refusal, row, now)) };
  }
  const { message } = refusal;
  if (undispatched) return decideForbidden(checkpoint, message, row, now, shownFor);
  const progress = capture === undefined || hasEnded(capture.status) ? undefined : progressOf(capture);
  const status = obstacleStatus(checkpoint, capture, progress, { beginning: refusedStep(step), message }, now);
  if (status === undefined) return again;
  const event = { type: 'Warning', reason: 'StepForbidden', note: message } as const;
  return {
    ...again,
    actions: [
      { kind: 'write-status', status },
      { kind: 'emit-event', event },
    ],
  };
}
