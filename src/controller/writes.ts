/** The controller's requests that change something, one function each. Each answers with the object as it is after it. */
import { CONTROLLER_MANAGER, RELEASE_FINALIZER, type Checkpoint, type PodCapture } from '../api/kinds.js';
import type { KubeApi } from '../kube/api.js';
import { isNotFound, success, type KubeResult } from '../kube/result.js';
import type { Applied, Resource } from '../kube/types.js';
import { PODCAPTURE_RESOURCE } from './resources.js';

type Ours = Checkpoint | PodCapture;

/**
 * Server-side apply, with the resourceVersion that the decision rests on: a former leader's late write gets Conflict, and
 * so does ours where the agent, or the author, was quicker.
 */
export function applyStatus<T extends Ours>(
  api: Pick<KubeApi, 'apply'>,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<KubeResult<T>> {
  const { name, namespace = '', resourceVersion } = object.metadata;
  // T is one of two, and both have a status; the type checker cannot see it through Omit.
  const applied = { metadata: { name, namespace, resourceVersion }, status } as unknown as Applied<T>;
  return api.apply(resource, applied, { fieldManager: CONTROLLER_MANAGER, force: true, subresource: 'status' });
}

/** Finalizers are a set that others write too, so the list that is sent is the one of this resourceVersion. */
export function guard<T extends Ours>(
  api: Pick<KubeApi, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
): Promise<KubeResult<T>> {
  return patchFinalizers(api, resource, object, [...(object.metadata.finalizers ?? []), RELEASE_FINALIZER]);
}

/** Without an object where it went with its last finalizer, or was gone before. */
export async function unguard<T extends Ours>(
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
 * Without resourceVersion: it is never raised (the server sees to it), so it may overtake whatever the agent writes, and
 * must not lose to it. Invalid means that it is lower already.
 */
export async function lowerHold(
  api: Pick<KubeApi, 'mergePatch'>,
  capture: PodCapture,
  holdSeconds: number,
): Promise<KubeResult<PodCapture | undefined>> {
  const { name, namespace = '' } = capture.metadata;
  const patch = { spec: { holdSeconds } };
  const answer = await api.mergePatch(PODCAPTURE_RESOURCE, {
    name,
    namespace,
    patch,
    fieldManager: CONTROLLER_MANAGER,
  });
  const isMoot = !answer.ok && (isNotFound(answer.error) || answer.error.reason === 'Invalid');
  return isMoot ? success(undefined) : answer;
}

/** Only as it was seen: what has ended meanwhile has a result that somebody may want to read. */
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
