/** Tells which keys a change concerns. */
import { hasEnded } from '../api/conditions.js';
import { RELEASE_FINALIZER, type Checkpoint, type PodCapture } from '../api/kinds.js';
import type { Change } from '../kube/store.js';
import { keyOf } from '../kube/types.js';
import { checkpointUIDsOf, ownerOf, podKeyOf, type Caches } from './caches.js';
import { orphanKey } from './keys.js';
import { captureOf, isOwned } from './observe.js';
import { isWaiting } from './waiting.js';

/** Concerns the Checkpoint itself and, when it was deleted, the PodCapture that it left behind. */
export function keysOfCheckpoint(caches: Caches, { type, object }: Change<Checkpoint>): string[] {
  const keys = [keyOf(object)];
  if (type === 'delete') {
    const left = caches.captures.byIndex('owner', object.metadata.uid).filter(isUnsettled);
    keys.push(...left.map((capture) => orphanKey(keyOf(capture))));
  }
  return keys;
}

/** Concerns the capture's Checkpoint; when there is none, the capture itself. */
export function keysOfCapture(caches: Caches, { type, object }: Change<PodCapture>): string[] {
  const { namespace = '' } = object.metadata;
  const checkpoints = checkpointUIDsOf(object).flatMap((uid) => caches.checkpoints.byIndex('uid', uid));
  const keys = new Set(checkpoints.map(keyOf));
  for (const { name } of ownerOf(object)) keys.add(`${namespace}/${name}`);
  if (type === 'upsert' && isUnsettled(object) && !isOwned(caches, object)) keys.add(orphanKey(keyOf(object)));
  return [...keys];
}

/** The Checkpoints and orphans whose captures have not ended on this node. */
export function keysOfNode(caches: Caches, nodeName: string): string[] {
  const running = caches.captures.byIndex('running', nodeName);
  return running.flatMap((object) => keysOfCapture(caches, { type: 'upsert', object }));
}

/** Whether something remains to be done for the capture. */
function isUnsettled({ metadata, status }: PodCapture): boolean {
  return !hasEnded(status) || metadata.finalizers?.includes(RELEASE_FINALIZER) === true;
}

/** The key of the pod for which somebody else may be next, because this Checkpoint is over. */
export function podFreedByCheckpoint({ type, object }: Change<Checkpoint>): string | undefined {
  return type === 'delete' || !isWaiting(object) ? podKeyOf(object) : undefined;
}

/** The key of the pod for which somebody may be next, because this capture is over. */
export function podFreedByCapture({ type, object }: Change<PodCapture>): string | undefined {
  return type === 'delete' || hasEnded(object.status) ? podKeyOf(object) : undefined;
}

/**
 * The first Checkpoint in the line of the pod, as a list of at most one, without those that have their capture: at most the
 * one whose capture runs, or whose result is being copied. The others are woken one by one, each by the end of its
 * predecessor.
 */
export function nextOf(caches: Caches, podKey: string): string[] {
  const line = caches.checkpoints.line('waiting', podKey);
  const next = line.find((checkpoint) => captureOf(caches, checkpoint) === undefined);
  return next === undefined ? [] : [keyOf(next)];
}
