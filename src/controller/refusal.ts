/** The meaning of errors for requests that the API server understood and did not carry out. Pure. */
import { describeError, isTransient, type KubeError } from '../kube/result.js';
import type { Reason } from '../api/reasons.js';
import type { Action } from './decision.js';

/** Why the server did not accept a step. */
export interface Refusal {
  /**
   * DispatchForbidden: a quota, an admission policy, a webhook or a missing permission stands in the way, and whoever set
   * it up may change that. InternalError: the request is wrong, and would stay wrong.
   */
  readonly reason: Extract<Reason, 'DispatchForbidden' | 'InternalError'>;
  readonly message: string;
}

export interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
}

/** The steps of a visit that the server can refuse: reading, and each action. */
export type Step = 'observe' | Exclude<Action['kind'], 'emit-event'>;

const STEPS: Readonly<Record<Step, string>> = {
  observe: 'what the controller has to read',
  'add-checkpoint-finalizer': 'the finalizer of the Checkpoint',
  'remove-checkpoint-finalizer': 'that the finalizer of the Checkpoint is removed',
  'remove-capture-finalizer': 'that the finalizer of the PodCapture is removed',
  'create-capture': 'the PodCapture',
  'write-status': 'the status of the Checkpoint',
  'end-capture': 'that the controller ends the PodCapture',
  'release-hold': 'the release of the pod',
  'delete-capture': 'that the PodCapture is cancelled',
  'delete-checkpoint': 'that the Checkpoint is deleted',
};

/** The beginning of the message about a refused step; the server's own words follow, and may differ each time. */
export function refusedStep(step: Step): string {
  return `the API server does not accept ${STEPS[step]}: `;
}

export function refused(reason: Refusal['reason'], message: string): Refused {
  return { ok: false, refusal: { reason, message } };
}

/** Returns undefined when the failure is no refusal: a lost race, an overloaded server, no answer. */
export function refusalOf(step: Step, error: KubeError): Refusal | undefined {
  if (!isRefused(error)) return undefined;
  return { reason: 'DispatchForbidden', message: `${refusedStep(step)}${error.message}` };
}

/**
 * Whether the server said no. Repeating the request at once would not help; waiting may, because permissions, quotas,
 * policies and webhooks change without telling anybody.
 */
export function isRefused(error: KubeError): boolean {
  if (error.code === undefined || error.code === 409) return false;
  return isDenied(error) || !isTransient(error);
}

/** The words with which the API server passes on the denial by a policy or a webhook, or that a webhook did not answer. */
const DENIAL = /denied (?:the )?request|failed calling webhook/;

/**
 * A ResourceQuota, a namespace that is being deleted, and missing permissions answer 403. A ValidatingAdmissionPolicy
 * answers 422 unless it names another reason, a webhook answers whatever its author chose, and a webhook that fails
 * answers 500.
 */
export function isDenied({ code, message }: KubeError): boolean {
  return code === 403 || (code !== undefined && DENIAL.test(message));
}

/** A PodCapture that the server calls wrong, and that nobody denied: a defect of Stasis, which waiting would not mend. */
export function wrongCapture(error: KubeError): Refusal | undefined {
  const { code } = error;
  if (isDenied(error) || (code !== 400 && code !== 413 && code !== 422)) return undefined;
  return { reason: 'InternalError', message: `the API server refused the PodCapture: ${describeError(error)}` };
}
