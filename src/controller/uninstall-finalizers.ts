/** Fourth step of an uninstall: Stasis's finalizer is removed from all objects. */
import { RELEASE_FINALIZER } from '../api/kinds.js';
import { failure, success } from '../kube/result.js';
import type { KubeObject, Resource } from '../kube/types.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from './resources.js';
import { changeEach, listAll } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/**
 * Most rounds. One round removes the finalizer from every object that has it; another round is needed only where
 * somebody else wrote in between.
 */
const ROUNDS = 20;
/** Pause before each further round. */
const LOOK_MILLISECONDS = 250;

/** PodCaptures come first, because the foreground deletion of a Checkpoint waits for its PodCapture. */
export async function releaseAll(uninstalling: Uninstalling): Promise<StepResult> {
  const captures = await release(uninstalling, PODCAPTURE_RESOURCE);
  return captures.ok ? await release(uninstalling, CHECKPOINT_RESOURCE) : captures;
}

async function release(uninstalling: Uninstalling, resource: Resource): Promise<StepResult> {
  const { api, clock } = uninstalling;
  for (let round = 0; round < ROUNDS; round += 1) {
    const listed = await listAll(uninstalling, resource, { metadataOnly: true }, onlyMetadata);
    if (!listed.ok) return listed;
    const kept = listed.value.filter(({ metadata }) => metadata.finalizers?.includes(RELEASE_FINALIZER));
    if (kept.length === 0) return success(undefined);
    if (round > 0) await clock.sleep(LOOK_MILLISECONDS);
    const changed = await changeEach(
      clock,
      kept,
      ({ metadata: { namespace = '', name, resourceVersion, finalizers } }) =>
        api.mergePatch(resource, {
          namespace,
          name,
          // A merge patch replaces the whole list of finalizers. The resourceVersion makes the request fail with
          // Conflict if the list has changed since it was read.
          patch: {
            metadata: {
              resourceVersion,
              finalizers: finalizers?.filter((finalizer) => finalizer !== RELEASE_FINALIZER),
            },
          },
        }),
    );
    if (!changed.ok) return changed;
  }
  return failure({
    method: 'PATCH',
    path: resource.plural,
    reason: 'Conflict',
    message: `the objects kept changing, or somebody set ${RELEASE_FINALIZER} again`,
  });
}

/** Of thousands of objects, only what takes the finalizer off stays in memory. */
function onlyMetadata({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp, finalizers } = metadata;
  const kept = { name, uid, resourceVersion, creationTimestamp };
  return {
    apiVersion,
    kind,
    metadata: {
      ...kept,
      ...(namespace === undefined ? {} : { namespace }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
  };
}
