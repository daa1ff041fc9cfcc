import { eventually } from './waiting.js';

/** Requests a path from the API server; undefined unless the answer is 200. */
export type Fetch = (path: string) => Promise<string | undefined>;

const SERVER_BOUND_MS = 60_000;
/** How long the nodes may take. kubelet's delay between attempts grows while the API server is away. */
const NODES_BOUND_MS = 150_000;
const LOOK_MS = 100;

interface NodeFacts {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly taints?: readonly { readonly key: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export async function serverReady(fetch: Fetch): Promise<void> {
  const ready = async (): Promise<boolean> => (await fetch('/readyz')) === 'ok';
  await eventually('the API server is ready', ready, SERVER_BOUND_MS, LOOK_MS);
}

/** Waits until pods can be started on every node: each is Ready, and the taint from before that is removed. */
export async function nodesReady(fetch: Fetch, names: readonly string[]): Promise<void> {
  const ready = async (): Promise<boolean> => {
    const { items } = JSON.parse((await fetch('/api/v1/nodes')) ?? '{"items":[]}') as { items: NodeFacts[] };
    return names.every((name) => items.some((node) => node.metadata.name === name && isReady(node)));
  };
  await eventually(`Ready: ${names.join(', ')}`, ready, NODES_BOUND_MS, LOOK_MS);
}

/** Waits until a pod can be created in `namespace`, which needs the service account and the authority's certificate. */
export async function namespaceReady(fetch: Fetch, namespace: string): Promise<void> {
  const needed = ['serviceaccounts/default', 'configmaps/kube-root-ca.crt'];
  const ready = async (): Promise<boolean> => {
    const found = await Promise.all(needed.map((path) => fetch(`/api/v1/namespaces/${namespace}/${path}`)));
    return found.every((answer) => answer !== undefined);
  };
  await eventually(`namespace ${namespace} takes pods`, ready, SERVER_BOUND_MS, LOOK_MS);
}

function isReady(node: NodeFacts): boolean {
  const ready = node.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
  return ready && (node.spec?.taints ?? []).every((taint) => !taint.key.startsWith('node.kubernetes.io/'));
}
