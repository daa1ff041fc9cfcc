/** Objects of a cluster with Stasis, for the tests of the commands that ask its agents. */
import { DAEMONSETS, POLICIES, type DaemonSet } from '../../../../src/cli/kubectl/resources.js';
import type { ExecRequest, ExecResult } from '../../../../src/cli/kubectl/surroundings.js';
import { PODS, type Pod } from '../../../../src/pod/pod.js';
import type { KubeModel } from '../../../fake/kube-model.js';

export const HOME = 'stasis-system';

function metadata(name: string, namespace: string, more: object = {}) {
  const time = '2026-01-01T00:00:00Z';
  return { name, namespace, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: time, ...more };
}

/** The policy by which only an administrator can say where Stasis is. */
export function putPolicy(model: KubeModel, namespace = HOME): void {
  const { namespace: _, ...about } = metadata(`stasis-${namespace}-agent-own-lease`, '');
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  model.put(POLICIES, { metadata: about, spec: { matchConstraints: { namespaceSelector } } });
}

/** The objects that the chart installs for the agents, and the pod of one agent for each node. */
export function putAgents(model: KubeModel, nodes: readonly string[], namespace = HOME): void {
  putPolicy(model, namespace);
  putDaemonSet(model, nodes, namespace);
}

/** The DaemonSet of the agents alone, with its pods: everybody who may create a DaemonSet can have this. */
export function putDaemonSet(
  model: KubeModel,
  nodes: readonly string[],
  namespace: string,
  status: NonNullable<DaemonSet['status']> = { desiredNumberScheduled: nodes.length },
): void {
  model.put(DAEMONSETS, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata('stasis-node-agent', namespace),
    status,
  });
  for (const node of nodes) model.put(PODS, agentPod(node, namespace));
}

export function agentPod(nodeName: string, namespace = HOME, status: NonNullable<Pod['status']> = RUNNING): Pod {
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'stasis-node-agent', uid: 'uid-daemonset' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(`agent-${nodeName}`, namespace, { ownerReferences: [owner] }),
    spec: { nodeName, containers: [{ name: 'node-agent' }] },
    status,
  };
}

const RUNNING: NonNullable<Pod['status']> = {
  phase: 'Running',
  containerStatuses: [{ name: 'node-agent', containerID: 'containerd://a', state: { running: {} } }],
};

/** Answers every command with this output, in parts. */
export function answering(
  output: string | ((request: ExecRequest) => string),
  { status = 0, errors = '' }: { readonly status?: number; readonly errors?: string } = {},
): (request: ExecRequest) => Promise<ExecResult> {
  return async (request) => {
    const bytes = Buffer.from(typeof output === 'string' ? output : output(request));
    try {
      for (let from = 0; from < bytes.length; from += 1000) await request.onOutput(bytes.subarray(from, from + 1000));
    } catch (error) {
      return { kind: 'failed', message: `the output cannot be taken: ${(error as Error).message}` };
    }
    return { kind: 'ended', status, errors };
  };
}

export const EXEC_FORBIDDEN: ExecResult = {
  kind: 'failed',
  code: 403,
  message:
    'pods "agent-node-1" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace "stasis-system"',
};
