/**
 * The kinds that the controller reads or writes, reduced to the fields that it uses. Types, and the place of each kind
 * in the API. Pure.
 */
import { CHECKPOINTS, PODCAPTURES, type Checkpoint, type PodCapture } from '../api/kinds.js';
import type { KubeObject, Resource } from '../kube/types.js';

export const CHECKPOINT_RESOURCE: Resource<Checkpoint> = CHECKPOINTS;
export const PODCAPTURE_RESOURCE: Resource<PodCapture> = PODCAPTURES;

/** core/v1 ContainerStatus. Of its state only `running` is used. */
export interface ContainerStatus {
  readonly name: string;
  /** For instance 'containerd://…'. Absent or empty before the container runtime has created the container. */
  readonly containerID?: string;
  readonly state?: { readonly running?: object };
  /** The startup probe has passed, or there is none. Kubelet runs the liveness probe only from then on. */
  readonly started?: boolean;
}

/** core/v1 Probe, as far as it tells when a probe fails. The API server fills in the defaults. */
export interface Probe {
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

/** core/v1 Container. */
export interface PodContainer {
  readonly name: string;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
}

/** core/v1 Toleration. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** core/v1 Pod. */
export interface Pod extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly hostPID?: boolean;
    readonly hostNetwork?: boolean;
    readonly priorityClassName?: string;
    readonly runtimeClassName?: string;
    readonly tolerations?: readonly Toleration[];
    readonly containers: readonly PodContainer[];
    readonly initContainers?: readonly PodContainer[];
    readonly ephemeralContainers?: readonly PodContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  /** RFC 3339. */
  readonly timeAdded?: string;
}

/** core/v1 Node. */
export interface KubeNode extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
}

export const PODS: Resource<Pod> = { group: '', version: 'v1', plural: 'pods', namespaced: true, kind: 'Pod' };
export const NODES: Resource<KubeNode> = { group: '', version: 'v1', plural: 'nodes', namespaced: false, kind: 'Node' };

/** node.k8s.io/v1 RuntimeClass. */
export interface RuntimeClass extends KubeObject {
  /** The name of the runtime in the configuration of the container runtime, for instance 'runsc'. */
  readonly handler: string;
}

export const RUNTIME_CLASSES: Resource<RuntimeClass> = {
  group: 'node.k8s.io',
  version: 'v1',
  plural: 'runtimeclasses',
  namespaced: false,
  kind: 'RuntimeClass',
};

/** apps/v1 DaemonSet. */
export interface DaemonSet extends KubeObject {
  readonly status?: { readonly desiredNumberScheduled?: number };
}

/** core/v1 Pod of a DaemonSet. Its controller binds the pod to one node by a node affinity. */
export interface AgentPod extends KubeObject {
  readonly spec: {
    /** Absent until the pod is scheduled. */
    readonly nodeName?: string;
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms: readonly {
            readonly matchFields?: readonly { readonly key: string; readonly values?: readonly string[] }[];
          }[];
        };
      };
    };
  };
}

export const DAEMONSETS: Resource<DaemonSet> = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  namespaced: true,
  kind: 'DaemonSet',
};
export const AGENT_PODS: Resource<AgentPod> = {
  group: '',
  version: 'v1',
  plural: 'pods',
  namespaced: true,
  kind: 'Pod',
};

/** The node for which the pod was made, also before the pod is scheduled. */
export function nodeOfAgentPod({ spec }: AgentPod): string | undefined {
  if (spec.nodeName !== undefined && spec.nodeName !== '') return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const fields = terms.flatMap(({ matchFields }) => matchFields ?? []);
  return fields.find(({ key }) => key === 'metadata.name')?.values?.[0];
}
