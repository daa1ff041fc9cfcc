/** Tells which keys a change concerns. */
import { hasEnded } from '../api/conditions.js';
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import type { Change } from '../kube/store.js';
import { keyOf } from '../kube/types.js';
import { checkpointUIDsOf, ownerOf, podKeyOf, type Caches } from './caches.js';
import { RELEASE_FINALIZER } from '../api/kinds.js';

import { orphanKey } from './keys.js';
import { captureOf, isBefore, isOwned, isWaiting } from './observe.js';

/**
 * Concerns the Checkpoint itself. When the Checkpoint is over, also the next Checkpoint that waits for the pod; when it
 * was deleted, also the PodCapture that it left behind.
 */
export function keysOfCheckpoint(caches: Caches, { type, object }: Change<Checkpoint>): string[] {
  const keys = [keyOf(object)];
  if (type === 'delete') {
    const left = caches.captures.byIndex('owner', object.metadata.uid).filter(isUnsettled);
    keys.push(...left.map((capture) => orphanKey(keyOf(capture))));
  }
  if (type === 'delete' || !isWaiting(object)) keys.push(...nextOf(caches, podKeyOf(object)));
  return keys;
}

/**
 * Concerns the capture's Checkpoint. When the capture is over, also the next Checkpoint that waits for the pod. When
 * the capture has no Checkpoint, the capture itself.
 */
export function keysOfCapture(caches: Caches, { type, object }: Change<PodCapture>): string[] {
  const { namespace = '' } = object.metadata;
  const checkpoints = checkpointUIDsOf(object).flatMap((uid) => caches.checkpoints.byIndex('uid', uid));
  const keys = new Set(checkpoints.map(keyOf));
  for (const { name } of ownerOf(object)) keys.add(`${namespace}/${name}`);
  if (type === 'delete' || hasEnded(object.status)) for (const key of nextOf(caches, podKeyOf(object))) keys.add(key);
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

/**
 * The first Checkpoint that waits for the pod, as a list of at most one. The others are woken one by one, each by the
 * end of its predecessor.
 */
function nextOf(caches: Caches, podKey: string): string[] {
  const [first, ...others] = caches.checkpoints
    .byIndex('pod', podKey)
    .filter((checkpoint) => isWaiting(checkpoint) && captureOf(caches, checkpoint) === undefined);
  if (first === undefined) return [];
  return [keyOf(others.reduce((least, other) => (isBefore(other, least) ? other : least), first))];
}
