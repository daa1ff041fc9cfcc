/** A PodCapture as the service knows it, and the questions it is asked. Pure. */
import { PODCAPTURES, type Condition, type PodCapture } from '../../api/kinds.js';
import type { Resource } from '../../kube/types.js';

/** Where they live. */
export const CAPTURES: Resource<PodCapture> = PODCAPTURES;

/** What is kept of one: not the tree, of which the agent has no use once the server has it. */
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

/** The condition that says how it went, or goes. */
export function succeededOf(object: PodCapture): Condition | undefined {
  return object.status?.conditions?.find(({ type }) => type === 'Succeeded');
}

/** What has ended stays ended: the server sees to it. */
export function hasEnded(object: PodCapture): boolean {
  const status = succeededOf(object)?.status;
  return status !== undefined && status !== 'Unknown';
}

/** Why nobody wants it any more; undefined while somebody does. */
export function withdrawn(object: PodCapture): string | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  const owners = object.metadata.ownerReferences ?? [];
  return owners.length === 0 ? 'no Checkpoint owns it any more' : undefined;
}

/** Oldest first. creationTimestamp ticks in seconds: the name settles the rest, the same way for everyone. */
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
