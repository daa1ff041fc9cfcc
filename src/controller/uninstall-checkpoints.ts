/** Third step of an uninstall: every Checkpoint ends, because no controller will ever end it. */
import { hasEnded } from '../api/conditions.js';
import { CONTROLLER_MANAGER, type Checkpoint, type CheckpointStatus, type PodCapture } from '../api/kinds.js';
import { success } from '../kube/result.js';
import { projectCapture } from './caches.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from './resources.js';
import { endedStatus, refusedStatus, vanishedStatus } from './status.js';
import { changeEach, listAll } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/** Writes a final status to each Checkpoint that has none: the result of its capture, or Cancelled. */
export async function endCheckpoints(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock } = uninstalling;
  const checkpoints = await listAll(uninstalling, CHECKPOINT_RESOURCE);
  if (!checkpoints.ok) return checkpoints;
  const unfinished = checkpoints.value.filter(({ status }) => !hasEnded(status));
  if (unfinished.length === 0) return success(undefined);
  const captures = await listAll(uninstalling, PODCAPTURE_RESOURCE, {}, projectCapture);
  if (!captures.ok) return captures;
  const byOwner = new Map(captures.value.flatMap((capture) => ownersOf(capture).map((uid) => [uid, capture] as const)));
  return await changeEach(clock, unfinished, (checkpoint) => {
    const { namespace = '', name, uid } = checkpoint.metadata;
    const status = finalStatus(checkpoint, byOwner.get(uid), clock.wall());
    const applied = { metadata: { namespace, name, uid }, status };
    return api.apply(CHECKPOINT_RESOURCE, applied, {
      fieldManager: CONTROLLER_MANAGER,
      force: true,
      subresource: 'status',
    });
  });
}

/** `now` is in milliseconds since the epoch. Pure. */
export function finalStatus(checkpoint: Checkpoint, capture: PodCapture | undefined, now: number): CheckpointStatus {
  if (capture !== undefined && hasEnded(capture.status)) return endedStatus(checkpoint, capture, now);
  const captureName = capture?.metadata.name ?? checkpoint.status?.pods?.[0]?.captureName;
  if (captureName !== undefined) return vanishedStatus(checkpoint, captureName, now);
  const refusal = { reason: 'Cancelled', message: 'Stasis was uninstalled before the capture began.' } as const;
  return refusedStatus(checkpoint, refusal, undefined, now);
}

function ownersOf(capture: PodCapture): string[] {
  return (capture.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}
