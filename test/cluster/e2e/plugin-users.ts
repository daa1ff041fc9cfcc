/** The plugin in a World's cluster, and users with rights of their own in the World's namespace. */
import { openPlugin, type Plugin } from '../plugin.js';
import { testCluster } from './node-view.js';
import { value, type World } from './world.js';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The rights of somebody who works with the plugin in one namespace, as docs/kubectl.md says it. */
export const PLUGIN_USER: readonly Rule[] = [
  {
    apiGroups: ['stasis.dev'],
    resources: ['checkpoints'],
    verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'],
  },
  { apiGroups: ['stasis.dev'], resources: ['podcaptures'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] },
];

/** Opens the plugin in the cluster of the tests. */
export function pluginHere(): Plugin {
  const cluster = testCluster();
  if (cluster === undefined) throw new Error('the tests of the plugin run on the throw-away cluster');
  return openPlugin(cluster);
}

/** Creates a user of the World's namespace, and returns the path of its kubeconfig. */
export async function userOf(world: World, plugin: Plugin, name: string, rules: readonly Rule[]): Promise<string> {
  const { api, namespace } = world;
  const post = async (path: string, body: object): Promise<string> => value(await api.raw('POST', path, { body })).text;
  await post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await post(`${RBAC}/namespaces/${namespace}/roles`, { metadata: { name }, rules });
  await post(`${RBAC}/namespaces/${namespace}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  });
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status } = JSON.parse(await post(path, request)) as { status: { token: string } };
  return plugin.kubeconfig(name, { token: status.token, namespace });
}
