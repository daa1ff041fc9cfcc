/** The kinds of Kubernetes that the rules about pods read, reduced to the fields that they use. Types, and the place of each kind in the API. Pure. */
import type { KubeObject, Resource } from '../kube/types.js';

/** core/v1 ContainerStatus. Of its state only `running` is used; `startedAt` is RFC 3339. */
export interface ContainerStatus {
  readonly name: string;
  /** For instance 'containerd://…'. Absent or empty before the container runtime has created the container. */
  readonly containerID?: string;
  readonly state?: { readonly running?: { readonly startedAt?: string } };
  /** The startup probe has passed, or there is none. Kubelet runs the liveness probe only from then on. */
  readonly started?: boolean;
}

/** A number, or the name of a port that the probed container declares. */
type ProbePort = number | string;

/** core/v1 Probe, as far as it tells who answers, and when it fails. The API server fills in the defaults. */
export interface Probe {
  readonly httpGet?: { readonly port: ProbePort };
  readonly tcpSocket?: { readonly port: ProbePort };
  readonly grpc?: { readonly port: number };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

/** core/v1 Container. */
export interface PodContainer {
  readonly name: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
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

export const PODS: Resource<Pod> = { group: '', version: 'v1', plural: 'pods', namespaced: true, kind: 'Pod' };

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
