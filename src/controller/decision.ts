/**
 * The decision of a visit: data that act.ts carries out in order, up to the first action that fails. Types and one
 * helper. Pure.
 */
import type { CaptureHold, CheckpointStatus, PodCaptureSpec, PodCaptureStatus } from '../api/kinds.js';
import type { Reason } from '../api/reasons.js';

export type ReleaseReason = NonNullable<CaptureHold['releaseReason']>;

/** An Event about the Checkpoint and, where the pod is known, about the pod. */
export interface CheckpointEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly note: string;
}

export type Action =
  /** Adds RELEASE_FINALIZER to the Checkpoint. */
  | { readonly kind: 'add-checkpoint-finalizer' }
  | { readonly kind: 'remove-checkpoint-finalizer' }
  | { readonly kind: 'remove-capture-finalizer' }
  | { readonly kind: 'create-capture'; readonly name: string; readonly spec: PodCaptureSpec }
  /** Writes the Checkpoint's status; `endLabels` is set when this is the final status. */
  | { readonly kind: 'write-status'; readonly status: CheckpointStatus; readonly endLabels?: EndLabels }
  /** Writes the final status of the PodCapture in place of its agent. */
  | { readonly kind: 'end-capture'; readonly status: PodCaptureStatus }
  /** Has the agent let the pod go. */
  | { readonly kind: 'release-hold'; readonly releaseReason: ReleaseReason }
  | { readonly kind: 'delete-capture' }
  | { readonly kind: 'delete-checkpoint' }
  | { readonly kind: 'emit-event'; readonly event: CheckpointEvent };

/** How a Checkpoint ended: the labels of the metric stasis_checkpoints_total. */
export interface EndLabels {
  readonly result: 'succeeded' | 'failed';
  readonly reason: Reason;
}

export interface Decision {
  /** The rule that decided, for logs and tests. */
  readonly rule: string;
  readonly actions: readonly Action[];
  /** Visit the Checkpoint again after this time even if nothing changes. */
  readonly againAfterMilliseconds?: number;
}

/** A decision to do nothing and wait for the next change. */
export function wait(rule: string, againAfterMilliseconds?: number): Decision {
  return { rule, actions: [], ...(againAfterMilliseconds === undefined ? {} : { againAfterMilliseconds }) };
}
