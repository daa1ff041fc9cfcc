/** Creates the PodCapture of a Checkpoint, at most one under all circumstances. */
import { API_VERSION, RELEASE_FINALIZER, CONTROLLER_MANAGER } from '../api/kinds.js';
import type { Checkpoint, PodCapture, PodCaptureSpec } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { describeError, isAlreadyExists, type KubeError, type KubeResult } from '../kube/result.js';
import type { Draft } from '../kube/types.js';
import type { Reason } from '../api/reasons.js';
import { ownerOf } from './caches.js';
import { captureLabels } from './capture-labels.js';
import { PODCAPTURE_RESOURCE } from './resources.js';

/** Why the server did not accept the PodCapture. */
export interface Refusal {
  /**
   * DispatchForbidden: a quota, an admission policy or a webhook stands in the way, and whoever set it up may change
   * that. InternalError: the request is wrong, and would stay wrong.
   */
  readonly reason: Extract<Reason, 'DispatchForbidden' | 'InternalError'>;
  readonly message: string;
}

export interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
}

/**
 * Creates the PodCapture. When the server has a PodCapture of this Checkpoint already, because the answer to an earlier
 * request was lost, that one is the result.
 */
export async function createCapture(
  api: Pick<KubeApi, 'get' | 'create'>,
  checkpoint: Checkpoint,
  { name, spec }: { readonly name: string; readonly spec: PodCaptureSpec },
): Promise<KubeResult<PodCapture> | Refused> {
  const { namespace = '', uid } = checkpoint.metadata;
  const answer = await api.create(PODCAPTURE_RESOURCE, draft(checkpoint, name, spec), {
    fieldManager: CONTROLLER_MANAGER,
  });
  if (answer.ok) return answer;
  const { error } = answer;
  if (isAlreadyExists(error)) {
    const found = await api.get(PODCAPTURE_RESOURCE, { namespace, name });
    if (!found.ok || ownerOf(found.value).some((owner) => owner.uid === uid)) return found;
    return refused('InternalError', `PodCapture ${name} already exists, and does not belong to this Checkpoint`);
  }
  if (isDenied(error))
    return refused('DispatchForbidden', `the API server does not accept the PodCapture: ${error.message}`);
  if (isUnusable(error))
    return refused('InternalError', `the API server refused the PodCapture: ${describeError(error)}`);
  return answer;
}

function refused(reason: Refusal['reason'], message: string): Refused {
  return { ok: false, refusal: { reason, message } };
}

/** The words with which the API server passes on the denial by a policy or a webhook, or that a webhook did not answer. */
const DENIAL = /denied (?:the )?request|failed calling webhook/;

/**
 * A ResourceQuota, a namespace that is being deleted, and missing permissions answer 403. A ValidatingAdmissionPolicy
 * answers 422 unless it names another reason, a webhook answers whatever its author chose, and a webhook that fails
 * answers 500.
 */
function isDenied({ code, message }: KubeError): boolean {
  return code === 403 || (code !== undefined && DENIAL.test(message));
}

/**
 * The schema accepted the Checkpoint but refuses the PodCapture that was made from it. That is a defect of Stasis, and
 * repeating the request would not help.
 */
function isUnusable({ code }: KubeError): boolean {
  return code === 400 || code === 413 || code === 422;
}

function draft({ metadata }: Checkpoint, name: string, spec: PodCaptureSpec): Draft<PodCapture> {
  return {
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      labels: captureLabels(metadata, spec),
      finalizers: [RELEASE_FINALIZER],
      ownerReferences: [
        {
          apiVersion: API_VERSION,
          kind: 'Checkpoint',
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
          // Makes a foreground deletion of the Checkpoint wait for the release of the pod. Needs the permission to
          // update checkpoints/finalizers.
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
}
