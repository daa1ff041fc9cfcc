/** The controller's view of the cluster, filled by reflectors and by the answers to its own writes. */
import { RELEASE_FINALIZER, type Checkpoint, type PodCapture } from '../api/kinds.js';
import { Store } from '../kube/store.js';
import { hasEnded } from '../api/conditions.js';
import { CHECKPOINT_UID_LABEL } from '../api/capture-labels.js';
import { captureName } from './capture-name.js';
import { keptMetadata } from './kept-metadata.js';
import { isBefore, isWaiting } from './waiting.js';

export interface Caches {
  /** Index 'uid'. Order 'waiting': the Checkpoints that wait for a pod (namespace/podName), earliest first. */
  readonly checkpoints: Store<Checkpoint>;
  /**
   * PodCaptures without tree, unfrozen and containers. Indexes: 'owner' (UID of the Checkpoint); and of the captures that
   * have not ended, 'running' (node name) and 'runningPod' (namespace/podName).
   */
  readonly captures: Store<PodCapture>;
  /** The name of the Checkpoint's PodCapture. It is asked for at each look at a line, and takes a hash. */
  readonly captureName: (checkpoint: Checkpoint) => string;
}

export function createCaches(): Caches {
  const names = new WeakMap<Checkpoint, string>();
  return {
    checkpoints: new Store<Checkpoint>(
      { uid: ({ metadata }) => [metadata.uid] },
      { waiting: { lineOf: (checkpoint) => (isWaiting(checkpoint) ? podKeyOf(checkpoint) : undefined), isBefore } },
    ),
    captures: new Store<PodCapture>({
      owner: checkpointUIDsOf,
      running: ({ spec, status }) => (hasEnded(status) ? [] : [spec.nodeName]),
      runningPod: (capture) => (hasEnded(capture.status) ? [] : [podKeyOf(capture)]),
    }),
    captureName: (checkpoint) => {
      const known = names.get(checkpoint) ?? captureName(checkpoint.metadata);
      names.set(checkpoint, known);
      return known;
    },
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
 * Removes the parts of a PodCapture that can be large, and the metadata that nobody reads: the cache holds every PodCapture, and a status can have 32 KiB. The
 * controller needs counts, timings and conditions until it has copied them to the Checkpoint and taken the finalizer off,
 * and after that only who owns the capture and that it has ended.
 */
export function projectCapture(capture: PodCapture): PodCapture {
  const metadata = keptMetadata(capture.metadata);
  if (capture.status === undefined) return { ...capture, metadata };
  if (hasEnded(capture.status) && metadata.finalizers?.includes(RELEASE_FINALIZER) !== true) {
    const conditions = capture.status.conditions?.filter(({ type }) => type === 'Succeeded');
    const ended = conditions?.map((condition) => ({ ...condition, message: '' })) ?? [];
    return { ...capture, metadata, spec: { ...capture.spec, containers: [] }, status: { conditions: ended } };
  }
  const { tree: _tree, unfrozen: _unfrozen, containers: _containers, artifact: _artifact, ...status } = capture.status;
  return { ...capture, metadata, status };
}

/** Removes the metadata that nobody reads. */
export function projectCheckpoint(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, metadata: keptMetadata(checkpoint.metadata) };
}
