/**
 * A server that answers what the chart's templates look up, so that `helm template --dry-run=server` renders what an
 * installation by Helm renders. It has the namespaces kube-system and stasis-system, and the objects that it is given.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Objects by their path on an API server. */
export type Objects = Readonly<Record<string, object>>;

const KINDS: Objects = {
  '/api/v1': resources('v1', ['Namespace', 'namespaces', false], ['Secret', 'secrets', true]),
  '/apis/apiextensions.k8s.io/v1': resources('apiextensions.k8s.io/v1', [
    'CustomResourceDefinition',
    'customresourcedefinitions',
    false,
  ]),
};

/** Calls `use` with the arguments that make helm ask such a server. */
export async function withLookups<T>(objects: Objects, use: (args: readonly string[]) => Promise<T>): Promise<T> {
  const all: Objects = {
    ...KINDS,
    '/api/v1/namespaces/kube-system': { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } },
    '/api/v1/namespaces/stasis-system': { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'stasis-system' } },
    ...objects,
  };
  const server = createServer((request, response) => {
    const found = all[(request.url ?? '').replace(/\?.*/, '')];
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { apiVersion: 'v1', kind: 'Status', reason: 'NotFound', code: 404 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await use(['--dry-run=server', '--kube-apiserver', `http://127.0.0.1:${port}`]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function resources(groupVersion: string, ...of: readonly (readonly [string, string, boolean])[]): object {
  return {
    apiVersion: 'v1',
    kind: 'APIResourceList',
    groupVersion,
    resources: of.map(([kind, name, namespaced]) => ({ kind, name, namespaced, verbs: ['get'] })),
  };
}
