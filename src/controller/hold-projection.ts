/** Reduces pods and nodes to what the rules of a hold read. Pure. */
import type { ObjectMeta } from '../kube/types.js';
import type { ContainerStatus, KubeNode, Pod } from './resources.js';

/** A namespace may have ten thousand pods of 10 to 20 kB each; what remains of a pod here has a few hundred bytes. */
export function projectHeldPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = status ?? {};
  const tolerations = 'tolerations' in spec ? { tolerations: spec.tolerations } : {};
  return {
    apiVersion,
    kind,
    metadata: identity(metadata),
    spec: { containers: [], ...tolerations },
    status: {
      ...(containerStatuses === undefined ? {} : { containerStatuses: containerStatuses.map(projectStatus) }),
      ...(initContainerStatuses === undefined
        ? {}
        : { initContainerStatuses: initContainerStatuses.map(projectStatus) }),
      ...(ephemeralContainerStatuses === undefined
        ? {}
        : { ephemeralContainerStatuses: ephemeralContainerStatuses.map(projectStatus) }),
    },
  };
}

/** A node has up to 30 kB, most of them the list of its images; kubelet writes its status every few minutes. */
export function projectHeldNode({ apiVersion, kind, metadata, spec }: KubeNode): KubeNode {
  const { unschedulable, taints } = spec ?? {};
  return {
    apiVersion,
    kind,
    metadata: identity(metadata),
    spec: {
      ...(unschedulable === undefined ? {} : { unschedulable }),
      ...(taints === undefined ? {} : { taints }),
    },
  };
}

/** Equal for two versions of an object between which nothing changed that the rules read. */
export function markOf({ metadata, ...facts }: Pod | KubeNode): string {
  const { resourceVersion: _, ...rest } = metadata;
  return JSON.stringify([rest, facts]);
}

/** The fields that tell whether the container that was captured still runs. `started` is kept where the server sends it. */
function projectStatus(status: ContainerStatus): ContainerStatus {
  const { name, containerID, state } = status;
  return {
    name,
    ...(containerID === undefined ? {} : { containerID }),
    ...(state === undefined ? {} : { state }),
    ...('started' in status ? { started: status.started } : {}),
  };
}

function identity({ name, namespace, uid, resourceVersion, creationTimestamp, ...more }: ObjectMeta): ObjectMeta {
  const { deletionTimestamp } = more;
  return {
    name,
    uid,
    resourceVersion,
    creationTimestamp,
    ...(namespace === undefined ? {} : { namespace }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
}
