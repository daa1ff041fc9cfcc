/** The controller's view of the cluster, filled by reflectors and by the answers to its own writes. */
import { RELEASE_FINALIZER, type Checkpoint, type PodCapture } from '../api/kinds.js';
import { Store } from '../kube/store.js';
import type { ObjectMeta } from '../kube/types.js';
import { hasEnded } from '../api/conditions.js';
import { CHECKPOINT_UID_LABEL } from './capture-labels.js';

export interface Caches {
  /** Indexes: 'pod' (namespace/podName) and 'uid'. */
  readonly checkpoints: Store<Checkpoint>;
  /**
   * PodCaptures without tree, unfrozen and containers. Indexes: 'pod' (namespace/podName), 'owner' (UID of the
   * Checkpoint), 'running' (node name; only captures that have not ended).
   */
  readonly captures: Store<PodCapture>;
}

export function createCaches(): Caches {
  return {
    checkpoints: new Store<Checkpoint>({
      pod: (checkpoint) => [podKeyOf(checkpoint)],
      uid: ({ metadata }) => [metadata.uid],
    }),
    captures: new Store<PodCapture>({
      pod: (capture) => [podKeyOf(capture)],
      owner: checkpointUIDsOf,
      running: ({ spec, status }) => (hasEnded(status) ? [] : [spec.nodeName]),
    }),
  };
}

/** 'namespace/name' of the pod that the object is about. */
export function podKeyOf({ metadata, spec }: Checkpoint | PodCapture): string {
  return `${metadata.namespace ?? ''}/${spec.podName ?? ''}`;
}

/** Returns the Checkpoint that owns the capture, as a list of at most one: the capture may have lost its owner. */
export function ownerOf({ metadata }: PodCapture): { readonly name: string; readonly uid: string }[] {
  const owner = metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Checkpoint' && controller === true);
  return owner === undefined ? [] : [{ name: owner.name, uid: owner.uid }];
}

/** Returns the UID of the capture's Checkpoint, from the owner reference and from the label that remains without it. */
export function checkpointUIDsOf(capture: PodCapture): string[] {
  const label = capture.metadata.labels?.[CHECKPOINT_UID_LABEL];
  return [...new Set([...ownerOf(capture).map(({ uid }) => uid), ...(label === undefined ? [] : [label])])];
}

/**
 * Removes the parts of a PodCapture that can be large: the cache holds every PodCapture, and a status can have 32 KiB. The
 * controller needs counts, timings and conditions until it has copied them to the Checkpoint and taken the finalizer off,
 * and after that only who owns the capture and that it has ended.
 */
export function projectCapture(capture: PodCapture): PodCapture {
  const metadata = withoutManagedFields(capture.metadata);
  if (capture.status === undefined) return { ...capture, metadata };
  if (hasEnded(capture.status) && metadata.finalizers?.includes(RELEASE_FINALIZER) !== true) {
    const conditions = capture.status.conditions?.filter(({ type }) => type === 'Succeeded');
    const ended = conditions?.map((condition) => ({ ...condition, message: '' })) ?? [];
    return { ...capture, metadata, spec: { ...capture.spec, containers: [] }, status: { conditions: ended } };
  }
  const { tree: _tree, unfrozen: _unfrozen, containers: _containers, artifact: _artifact, ...status } = capture.status;
  return { ...capture, metadata, status };
}

export function projectCheckpoint(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, metadata: withoutManagedFields(checkpoint.metadata) };
}

function withoutManagedFields<T extends ObjectMeta>(metadata: T): T {
  if (!('managedFields' in metadata)) return metadata;
  const { managedFields: _, ...rest } = metadata;
  return rest as unknown as T;
}
