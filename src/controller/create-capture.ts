/** Creates the PodCapture of a Checkpoint, at most one under all circumstances. */
import { API_VERSION, RELEASE_FINALIZER, CONTROLLER_MANAGER } from '../api/kinds.js';
import type { Checkpoint, PodCapture, PodCaptureSpec } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { isAlreadyExists, isNotFound, type KubeResult } from '../kube/result.js';
import type { Draft } from '../kube/types.js';
import { ownerOf } from './caches.js';
import { captureLabels } from './label-capture.js';
import { refused, wrongCapture, type Refused } from './refusal.js';
import { PODCAPTURE_RESOURCE } from './resources.js';

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
    // It was deleted in between. That is a lost race, and no reason to take the Checkpoint for gone.
    if (!found.ok) return isNotFound(found.error) ? answer : found;
    if (ownerOf(found.value).some((owner) => owner.uid === uid)) return found;
    return refused('InternalError', `PodCapture ${name} already exists, and does not belong to this Checkpoint`);
  }
  const refusal = wrongCapture(error);
  return refusal === undefined ? answer : { ok: false, refusal };
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
