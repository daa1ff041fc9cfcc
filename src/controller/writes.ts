/** The controller's writes, one function each. Each returns the object as it is after the write. */
import { CONTROLLER_MANAGER, RELEASE_FINALIZER, type Checkpoint, type PodCapture } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { isNotFound, success, type KubeResult } from '../kube/result.js';
import { isRefused } from './refusal.js';
import type { Applied, Resource } from '../kube/types.js';
import type { ReleaseReason } from './decision.js';
import { PODCAPTURE_RESOURCE } from './resources.js';

type Ours = Checkpoint | PodCapture;

/**
 * Server-side apply with the resourceVersion on which the decision rests. A late write of a former leader fails with
 * Conflict, and so does this write when the agent or the author was faster.
 */
export function applyStatus<T extends Ours>(
  api: Pick<KubeApi, 'apply'>,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<KubeResult<T>> {
  const { name, namespace = '', resourceVersion } = object.metadata;
  // T is Checkpoint or PodCapture, and both have a status; the type checker cannot derive that through Omit.
  const applied = { metadata: { name, namespace, resourceVersion }, status } as unknown as Applied<T>;
  return api.apply(resource, applied, { fieldManager: CONTROLLER_MANAGER, force: true, subresource: 'status' });
}

/**
 * Others may change the set of finalizers too, so the patch carries the resourceVersion from which the list was read.
 */
export function addReleaseFinalizer<T extends Ours>(
  api: Pick<KubeApi, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
): Promise<KubeResult<T>> {
  return patchFinalizers(api, resource, object, [...(object.metadata.finalizers ?? []), RELEASE_FINALIZER]);
}

/** Returns no object when the object disappeared with its last finalizer, or was gone before. */
export async function removeReleaseFinalizer<T extends Ours>(
  api: Pick<KubeApi, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
): Promise<KubeResult<T | undefined>> {
  const others = (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== RELEASE_FINALIZER);
  const answer = await patchFinalizers(api, resource, object, others);
  if (!answer.ok) return isNotFound(answer.error) ? success(undefined) : answer;
  const isGone = answer.value.metadata.deletionTimestamp !== undefined && others.length === 0;
  return isGone ? success(undefined) : answer;
}

/**
 * Sends no resourceVersion: a release is never taken back, so this write may overtake the agent's writes and must not
 * fail because of them. The server refuses a second reason, so a refusal may mean that the hold was released before; an
 * admission policy or a missing permission is refused in the same words. Only a read tells the two apart: a release that
 * is taken for done and is not would leave the pod held.
 */
export async function releaseHold(
  api: Pick<KubeApi, 'get' | 'mergePatch'>,
  capture: PodCapture,
  releaseReason: ReleaseReason,
): Promise<KubeResult<PodCapture | undefined>> {
  const { name, namespace = '' } = capture.metadata;
  const patch = { spec: { hold: { releaseReason } } };
  const answer = await api.mergePatch(PODCAPTURE_RESOURCE, {
    name,
    namespace,
    patch,
    fieldManager: CONTROLLER_MANAGER,
  });
  if (answer.ok) return answer;
  if (isNotFound(answer.error)) return success(undefined);
  if (!isRefused(answer.error)) return answer;
  const found = await api.get(PODCAPTURE_RESOURCE, { namespace, name });
  if (!found.ok) return isNotFound(found.error) ? success(undefined) : answer;
  return found.value.spec.hold?.releaseReason === undefined ? answer : found;
}

/**
 * Deletes the object only in the version that was observed: if it has ended since, somebody may want to read its
 * result.
 */
export async function remove<T extends Ours>(
  api: Pick<KubeApi, 'remove'>,
  resource: Resource<T>,
  object: T,
): Promise<KubeResult<undefined>> {
  const { name, namespace = '', uid, resourceVersion } = object.metadata;
  const options = { name, namespace, uid, resourceVersion, propagationPolicy: 'Background' } as const;
  const answer = await api.remove(resource, options);
  return !answer.ok && isNotFound(answer.error) ? success(undefined) : answer;
}

function patchFinalizers<T extends Ours>(
  api: Pick<KubeApi, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
  finalizers: readonly string[],
): Promise<KubeResult<T>> {
  const { name, namespace = '', resourceVersion } = object.metadata;
  const patch = { metadata: { resourceVersion, finalizers } };
  return api.mergePatch(resource, { name, namespace, patch, fieldManager: CONTROLLER_MANAGER });
}
