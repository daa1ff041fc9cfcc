/**
 * The clients in the tests of permissions: service accounts with tokens that the server signed, and their permissions.
 */
import type { ApiClient } from './api-client.js';
import { STASIS_NAMESPACE } from './installed.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

interface NamedObject {
  readonly kind: 'Pod' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/**
 * Requests a token as kubelet does for its pods. A token that is `boundTo` an object becomes invalid with that object;
 * a token bound to a pod names the pod's node.
 */
export async function tokenOf(
  api: ApiClient,
  namespace: string,
  account: string,
  boundTo?: NamedObject,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const boundObjectRef = boundTo === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', ...boundTo } };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { ...boundObjectRef } };
  const { json } = await api.must('POST', path, { body });
  return (json['status'] as { token: string }).token;
}

/** Creates a user of a namespace, as a service account with these rules there. Returns its token. */
export async function makeUser(
  api: ApiClient,
  namespace: string,
  name: string,
  rules: readonly Rule[],
): Promise<string> {
  await api.must('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { body: { metadata: { name } } });
  await grant(api, namespace, name, { namespace, name }, rules);
  return await tokenOf(api, namespace, name);
}

/** Creates a Role of that name in `namespace` for a service account of any namespace. */
export async function grant(
  api: ApiClient,
  namespace: string,
  name: string,
  account: { readonly namespace: string; readonly name: string },
  rules: readonly Rule[],
): Promise<void> {
  await api.must('POST', `${RBAC}/namespaces/${namespace}/roles`, { body: { metadata: { name }, rules } });
  await bind(api, namespace, name, account, { kind: 'Role', name });
}

export async function bind(
  api: ApiClient,
  namespace: string,
  name: string,
  account: { readonly namespace: string; readonly name: string },
  role: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string },
): Promise<void> {
  await api.must('POST', `${RBAC}/namespaces/${namespace}/rolebindings`, {
    body: {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...role },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  });
}

/**
 * Creates a pod of the agents' service account on a node, so that a token of this pod names the node. The pod need not
 * run.
 */
export async function makeAgentPod(
  api: ApiClient,
  image: string,
  nodeName: string,
  command: readonly string[],
): Promise<NamedObject> {
  const { json } = await api.must('POST', `/api/v1/namespaces/${STASIS_NAMESPACE}/pods`, {
    body: {
      metadata: { generateName: 'permissions-test-' },
      spec: {
        nodeName,
        serviceAccountName: 'stasis-node-agent',
        automountServiceAccountToken: true,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'token', image, command }],
      },
    },
  });
  const { name, uid } = json['metadata'] as { name: string; uid: string };
  return { kind: 'Pod', name, uid };
}

export async function nodeNames(api: ApiClient): Promise<readonly { readonly name: string; readonly uid: string }[]> {
  const { json } = await api.must('GET', '/api/v1/nodes');
  return (json['items'] as { metadata: { name: string; uid: string } }[]).map(({ metadata }) => metadata);
}
