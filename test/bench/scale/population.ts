/** The objects of a large cluster that no kubelet makes: nodes, their running pods, and the pod of each node's agent. */
import { createHash } from 'node:crypto';
import { STASIS_NAMESPACE } from '../../cluster/installed.js';
import { identified, type Admin, type Identified } from './admin.js';
import { inParallel } from './parallel.js';

export const PODS_PER_NODE = 10;
/**
 * The namespaces of the load. With 10,000 Checkpoints each has 400, so that none reaches the history limit of 500 and nothing
 * is deleted while writes are counted.
 */
export const NAMESPACES = 25;
const AT_ONCE = 16;
const AGENT_ACCOUNT = 'stasis-node-agent';
const STARTED = '2026-01-01T00:00:00Z';

/** What a hollow agent needs to be the agent of a node. */
export interface AgentPlace {
  readonly node: string;
  readonly podUID: string;
  readonly token: string;
}

export interface PodPlace {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
}

export function nodeName(index: number): string {
  return `hollow-${index}`;
}

/** The pods of a node. They are spread over the namespaces. */
export function podsOf(node: number): PodPlace[] {
  return Array.from({ length: PODS_PER_NODE }, (_, at) => ({
    namespace: `load-${(node + 7 * at) % NAMESPACES}`,
    name: `pod-${node}-${at}`,
    node: nodeName(node),
  }));
}

export async function makeNamespaces(admin: Admin, names: readonly string[]): Promise<void> {
  await inParallel(names, AT_ONCE, async (name) => await admin.post('/api/v1/namespaces', { metadata: { name } }));
}

/** Makes the nodes with everything on them. `daemonSet` owns the agents' pods. Returns what their agents need. */
export async function makeNodes(
  admin: Admin,
  nodes: readonly number[],
  daemonSet: Identified,
): Promise<readonly AgentPlace[]> {
  return await inParallel(nodes, AT_ONCE, async (node) => {
    await makeNode(admin, nodeName(node));
    await Promise.all(podsOf(node).map(async (pod) => await makePod(admin, pod)));
    return await makeAgentPod(admin, nodeName(node), daemonSet);
  });
}

/** Removes the nodes with their pods at once, as when a cloud takes machines back. */
export async function removeNodes(admin: Admin, nodes: readonly number[]): Promise<void> {
  await inParallel(nodes, AT_ONCE, async (node) => {
    const pods = [...podsOf(node), { namespace: STASIS_NAMESPACE, name: agentPodName(nodeName(node)) }];
    await admin.remove(`/api/v1/nodes/${nodeName(node)}`);
    await Promise.all(
      pods.map(async ({ namespace, name }) => await admin.remove(`/api/v1/namespaces/${namespace}/pods/${name}`)),
    );
  });
}

async function makeNode(admin: Admin, name: string): Promise<void> {
  await admin.post('/api/v1/nodes', { metadata: { name, labels: { 'kubernetes.io/os': 'linux' } } });
  // The API server taints every new node, and a kubelet's report would take the taint away.
  await admin.merge(`/api/v1/nodes/${name}`, { spec: { taints: null } });
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' };
  await admin.merge(`/api/v1/nodes/${name}/status`, {
    status: { conditions: [{ ...ready, lastHeartbeatTime: STARTED, lastTransitionTime: STARTED }] },
  });
}

async function makePod(admin: Admin, { namespace, name, node }: PodPlace): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const containers = [{ name: 'app', image: 'example.test/app:1' }];
  await admin.post(pods, {
    metadata: { name },
    spec: { nodeName: node, automountServiceAccountToken: false, containers },
  });
  await run(admin, `${pods}/${name}`, 'app');
}

async function makeAgentPod(admin: Admin, node: string, daemonSet: Identified): Promise<AgentPlace> {
  const pods = `/api/v1/namespaces/${STASIS_NAMESPACE}/pods`;
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', controller: true, ...daemonSet };
  const labels = {
    'app.kubernetes.io/name': 'stasis',
    'app.kubernetes.io/instance': 'stasis',
    'app.kubernetes.io/component': 'node-agent',
  };
  const made = await admin.post(pods, {
    metadata: { name: agentPodName(node), labels, ownerReferences: [owner] },
    spec: {
      nodeName: node,
      serviceAccountName: AGENT_ACCOUNT,
      automountServiceAccountToken: false,
      containers: [{ name: 'node-agent', image: 'example.test/stasis:1' }],
    },
  });
  const pod = identified(made);
  await run(admin, `${pods}/${pod.name}`, 'node-agent');
  return { node, podUID: pod.uid, token: await admin.token(STASIS_NAMESPACE, AGENT_ACCOUNT, pod) };
}

function agentPodName(node: string): string {
  return `stasis-node-agent-${node}`;
}

/** Reports the pod as running, as kubelet would. */
async function run(admin: Admin, path: string, container: string): Promise<void> {
  const status = {
    name: container,
    image: 'example.test/app:1',
    imageID: '',
    ready: true,
    started: true,
    restartCount: 0,
    containerID: `containerd://${createHash('sha256').update(path).digest('hex')}`,
    state: { running: { startedAt: STARTED } },
  };
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: STARTED };
  await admin.merge(`${path}/status`, {
    status: { phase: 'Running', conditions: [ready], containerStatuses: [status] },
  });
}
