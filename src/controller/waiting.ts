/** The Checkpoints of a pod that wait, and their order. Pure. */
import { hasEnded } from '../api/conditions.js';
import type { Checkpoint } from '../api/kinds.js';

/** Whether the Checkpoint has neither ended nor been deleted. */
export function isWaiting({ metadata, status }: Checkpoint): boolean {
  return metadata.deletionTimestamp === undefined && !hasEnded(status);
}

/**
 * The order of creation. creationTimestamp counts whole seconds, so several Checkpoints may have the same; then the
 * order of the names decides, which is the same for every observer. The API server writes all times in one form, so
 * their texts have the order of the times.
 */
export function isBefore({ metadata: a }: Checkpoint, { metadata: b }: Checkpoint): boolean {
  if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp;
  return a.name < b.name;
}
