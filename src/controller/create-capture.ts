/** Creates the PodCapture of a Checkpoint, at most one under all circumstances. */
import { API_VERSION, RELEASE_FINALIZER, CONTROLLER_MANAGER } from '../api/kinds.js';
import type { Checkpoint, PodCapture, PodCaptureSpec } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { describeError, isAlreadyExists, type KubeError, type KubeResult } from '../kube/result.js';
import type { Draft } from '../kube/types.js';
import { CHECKPOINT_UID_LABEL, ownerOf } from './caches.js';
import { PODCAPTURE_RESOURCE } from './resources.js';

/** The server refused the request and would refuse it again. */
export interface Refused {
  readonly ok: false;
  readonly refusal: string;
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
  if (isUnusable(answer.error)) {
    return { ok: false, refusal: `the API server refused the PodCapture: ${describeError(answer.error)}` };
  }
  if (!isAlreadyExists(answer.error)) return answer;
  const found = await api.get(PODCAPTURE_RESOURCE, { namespace, name });
  if (!found.ok || ownerOf(found.value).some((owner) => owner.uid === uid)) return found;
  return { ok: false, refusal: `PodCapture ${name} already exists, and does not belong to this Checkpoint` };
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
      labels: { [CHECKPOINT_UID_LABEL]: metadata.uid },
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
