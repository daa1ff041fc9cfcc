/** Third step of an uninstall: every Checkpoint ends, because no controller will ever end it. */
import { hasEnded } from '../api/conditions.js';
import { CONTROLLER_MANAGER, type Checkpoint, type CheckpointStatus, type PodCapture } from '../api/kinds.js';
import { isNotFound, success } from '../kube/result.js';
import { projectCapture, projectCheckpoint } from './caches.js';
import { captureName } from './capture-name.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from './resources.js';
import { endedStatus, refusedStatus, vanishedStatus } from './status.js';
import { changeEach, listAll } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/** Writes a final status to each Checkpoint that has none: the result of its capture, or Cancelled. */
export async function endCheckpoints(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock } = uninstalling;
  const checkpoints = await listAll(uninstalling, CHECKPOINT_RESOURCE, {}, projectCheckpoint);
  if (!checkpoints.ok) return checkpoints;
  const unfinished = checkpoints.value.filter(({ status }) => !hasEnded(status));
  if (unfinished.length === 0) return success(undefined);
  return await changeEach(clock, unfinished, async (checkpoint) => {
    const { namespace = '', name, uid } = checkpoint.metadata;
    const found = await api.get(PODCAPTURE_RESOURCE, { namespace, name: captureName(checkpoint.metadata) });
    if (!found.ok && !isNotFound(found.error)) return found;
    const capture = found.ok && ownersOf(found.value).includes(uid) ? projectCapture(found.value) : undefined;
    const status = finalStatus(checkpoint, capture, clock.wall());
    const applied = { metadata: { namespace, name, uid }, status };
    return await api.apply(CHECKPOINT_RESOURCE, applied, {
      fieldManager: CONTROLLER_MANAGER,
      force: true,
      subresource: 'status',
    });
  });
}

/** `now` is in milliseconds since the epoch. Pure. */
export function finalStatus(checkpoint: Checkpoint, capture: PodCapture | undefined, now: number): CheckpointStatus {
  if (capture !== undefined && hasEnded(capture.status)) return endedStatus(checkpoint, capture, now);
  const known = capture?.metadata.name ?? checkpoint.status?.pods?.[0]?.captureName;
  if (known !== undefined) return vanishedStatus(checkpoint, known, now);
  const refusal = { reason: 'Cancelled', message: 'Stasis was uninstalled before the capture began.' } as const;
  return refusedStatus(checkpoint, refusal, undefined, now);
}

function ownersOf(capture: PodCapture): string[] {
  return (capture.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}
