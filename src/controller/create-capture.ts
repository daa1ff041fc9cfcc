/** Makes the PodCapture of a Checkpoint, at most one whatever happens. */
import { API_VERSION, RELEASE_FINALIZER, CONTROLLER_MANAGER } from '../api/kinds.js';
import type { Checkpoint, PodCapture, PodCaptureSpec } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { describeError, isAlreadyExists, type KubeError, type KubeResult } from '../kube/result.js';
import type { Draft } from '../kube/types.js';
import { CHECKPOINT_UID_LABEL, ownerOf } from './caches.js';
import { PODCAPTURE_RESOURCE } from './resources.js';

/** Asking again would get the same answer. */
export interface Refused {
  readonly ok: false;
  readonly refusal: string;
}

/** One that is there already and is ours, because an answer was lost, is as good as made. */
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
    return { ok: false, refusal: `the PodCapture was refused: ${describeError(answer.error)}` };
  }
  if (!isAlreadyExists(answer.error)) return answer;
  const found = await api.get(PODCAPTURE_RESOURCE, { namespace, name });
  if (!found.ok || ownerOf(found.value).some((owner) => owner.uid === uid)) return found;
  return { ok: false, refusal: `PodCapture ${name} is there already, and belongs to something else` };
}

/** A Checkpoint that the schema let through made a PodCapture that it does not: a defect, but no reason to ask for ever. */
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
          // A foreground deletion of the Checkpoint waits for the release too. Needs update of checkpoints/finalizers.
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
}
