/**
 * The kinds that the controller reads or writes, reduced to the fields that it uses. Types, and the place of each kind
 * in the API. Pure.
 */
import { CHECKPOINTS, PODCAPTURES, type Checkpoint, type PodCapture } from '../api/kinds.js';
import type { KubeObject, Resource } from '../kube/types.js';
import type { AgentPod } from '../pod/agent-pod.js';

export { PODS, RUNTIME_CLASSES } from '../pod/pod.js';
export { nodeOfAgentPod } from '../pod/agent-pod.js';
export type { AgentPod } from '../pod/agent-pod.js';
export type { ContainerStatus, Pod, RuntimeClass, Toleration } from '../pod/pod.js';

export const CHECKPOINT_RESOURCE: Resource<Checkpoint> = CHECKPOINTS;
export const PODCAPTURE_RESOURCE: Resource<PodCapture> = PODCAPTURES;

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

export const NODES: Resource<KubeNode> = { group: '', version: 'v1', plural: 'nodes', namespaced: false, kind: 'Node' };

/** apps/v1 DaemonSet. */
export interface DaemonSet extends KubeObject {
  readonly status?: { readonly desiredNumberScheduled?: number };
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
