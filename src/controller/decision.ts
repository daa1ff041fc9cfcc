/** What a visit decides: data, carried out by act.ts in order up to the first that fails. Types and two helpers; pure. */
import type { CheckpointStatus, PodCaptureSpec, PodCaptureStatus } from '../api/kinds.js';
import type { Reason } from '../api/reasons.js';

/** An Event on the Checkpoint, and on the pod where it is known. */
export interface Happening {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly note: string;
}

export type Action =
  /** Put RELEASE_FINALIZER on the Checkpoint. */
  | { readonly kind: 'guard-checkpoint' }
  | { readonly kind: 'unguard-checkpoint' }
  | { readonly kind: 'unguard-capture' }
  | { readonly kind: 'create-capture'; readonly name: string; readonly spec: PodCaptureSpec }
  /** The Checkpoint's; `ending` where it is the last one. */
  | { readonly kind: 'write-status'; readonly status: CheckpointStatus; readonly ending?: Ending }
  /** End the PodCapture in the place of its agent. */
  | { readonly kind: 'end-capture'; readonly status: PodCaptureStatus }
  | { readonly kind: 'lower-hold'; readonly holdSeconds: number }
  | { readonly kind: 'delete-capture' }
  | { readonly kind: 'delete-checkpoint' }
  | { readonly kind: 'tell'; readonly happening: Happening };

/** How a Checkpoint ended: the labels of a metric. */
export interface Ending {
  readonly result: 'succeeded' | 'failed';
  readonly reason: Reason;
}

export interface Decision {
  /** The rule that decided: for logs and tests. */
  readonly rule: string;
  readonly actions: readonly Action[];
  /** Look again after so long even if nothing happens. */
  readonly againAfterMilliseconds?: number;
}

/** Does nothing, and waits for what happens next. */
export function wait(rule: string, againAfterMilliseconds?: number): Decision {
  return { rule, actions: [], ...(againAfterMilliseconds === undefined ? {} : { againAfterMilliseconds }) };
}
