/** Last step of an uninstall: our finalizer is on nothing any more. */
import { RELEASE_FINALIZER } from '../api/kinds.js';
import { failure, success } from '../kube/result.js';
import type { KubeObject, Resource } from '../kube/types.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from './resources.js';
import { changeEach, listAll } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/** Each round takes the finalizer off all that has it; another one is needed only where somebody else wrote in between. */
const ROUNDS = 20;
const LOOK_MILLISECONDS = 250;

/** PodCaptures first: a Checkpoint that is being deleted in the foreground waits for its own. */
export async function releaseAll(uninstalling: Uninstalling): Promise<StepResult> {
  const captures = await release(uninstalling, PODCAPTURE_RESOURCE);
  return captures.ok ? await release(uninstalling, CHECKPOINT_RESOURCE) : captures;
}

async function release<T extends KubeObject>(uninstalling: Uninstalling, resource: Resource<T>): Promise<StepResult> {
  const { api, clock } = uninstalling;
  for (let round = 0; round < ROUNDS; round += 1) {
    const listed = await listAll(uninstalling, resource, {}, onlyMetadata);
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
          // The list replaces what is there, so that it must be made of what is there: by resourceVersion, or Conflict.
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
    message: `somebody keeps writing, or sets ${RELEASE_FINALIZER} again`,
  });
}

function onlyMetadata<T extends KubeObject>(object: T): T {
  return { ...object, status: undefined };
}
