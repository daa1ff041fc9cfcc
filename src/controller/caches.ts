/** The controller's view of the cluster, kept by reflectors and by the answers of its own writes. */
import type { Checkpoint, PodCapture } from '../api/kinds.js';
import { Store } from '../kube/store.js';
import type { ObjectMeta } from '../kube/types.js';
import { hasEnded } from './condition.js';

/** On each PodCapture: the UID of the Checkpoint that it was made for, also when its ownerReferences were taken away. */
export const CHECKPOINT_UID_LABEL = 'stasis.dev/checkpoint-uid';

export interface Caches {
  /** Indexes: 'pod' (namespace/podName), 'uid'. */
  readonly checkpoints: Store<Checkpoint>;
  /** Without tree, unfrozen and containers. Indexes: 'pod', 'owner' (UID of its Checkpoint), 'running' (node name; only those that have not ended). */
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

/** 'namespace/name' of the pod that it is about. */
export function podKeyOf({ metadata, spec }: Checkpoint | PodCapture): string {
  return `${metadata.namespace ?? ''}/${spec.podName}`;
}

/** The Checkpoint that owns it, as a list of at most one: it can have been orphaned. */
export function ownerOf({ metadata }: PodCapture): { readonly name: string; readonly uid: string }[] {
  const owner = metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Checkpoint' && controller === true);
  return owner === undefined ? [] : [{ name: owner.name, uid: owner.uid }];
}

/** UIDs of the Checkpoint that it was made for: by its owner, and by the label that stays when it is orphaned. */
export function checkpointUIDsOf(capture: PodCapture): string[] {
  const label = capture.metadata.labels?.[CHECKPOINT_UID_LABEL];
  return [...new Set([...ownerOf(capture).map(({ uid }) => uid), ...(label === undefined ? [] : [label])])];
}

/**
 * A PodCapture without what can be large. 500 processes are 65 kB, and a cache holds every one of them; the controller
 * needs only counts, timings and conditions.
 */
export function projectCapture(capture: PodCapture): PodCapture {
  const metadata = withoutManagedFields(capture.metadata);
  if (capture.status === undefined) return { ...capture, metadata };
  const { tree: _tree, unfrozen: _unfrozen, containers: _containers, ...status } = capture.status;
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
