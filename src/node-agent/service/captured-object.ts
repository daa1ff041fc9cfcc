/** A PodCapture as the service uses it, and questions about its state. Pure. */
import { PODCAPTURES, type PodCapture } from '../../api/kinds.js';
import type { Resource } from '../../kube/types.js';

export const CAPTURES: Resource<PodCapture> = PODCAPTURES;

/**
 * The part of a PodCapture that the agent keeps. The tree is not kept: the agent does not need it once the server has
 * it.
 */
export function project(object: PodCapture): PodCapture {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp } = object.metadata;
  const { deletionTimestamp, ownerReferences } = object.metadata;
  const { claimedBy, startTime, conditions } = object.status ?? {};
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      uid,
      resourceVersion,
      creationTimestamp,
      ...(namespace === undefined ? {} : { namespace }),
      ...(generation === undefined ? {} : { generation }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    spec: object.spec,
    status: {
      ...(claimedBy === undefined ? {} : { claimedBy }),
      ...(startTime === undefined ? {} : { startTime }),
      ...(conditions === undefined ? {} : { conditions }),
    },
  };
}

/** Returns why the capture is no longer wanted; undefined while it is. */
export function withdrawn(object: PodCapture): string | undefined {
  if (object.metadata.deletionTimestamp !== undefined)
    return 'the PodCapture was deleted, as it is with its Checkpoint';
  const owners = object.metadata.ownerReferences ?? [];
  return owners.length === 0 ? 'no Checkpoint owns the PodCapture any more' : undefined;
}

/**
 * Orders captures by age, oldest first. creationTimestamp counts whole seconds; among equals the names decide, which
 * gives the same order for every observer.
 */
export function byAge(a: PodCapture, b: PodCapture): number {
  return (
    compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    compare(a.metadata.namespace ?? '', b.metadata.namespace ?? '') ||
    compare(a.metadata.name, b.metadata.name)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
