/** A real API server without Stasis's controller, and the plugin: the test writes what the controller would. */
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { apiClient, MERGE_PATCH, until, type ApiClient } from './api-client.js';
import type { Cluster } from './harness/cluster.js';
import { up } from './harness/up.js';
import { openPlugin, type Plugin } from './plugin.js';

const STASIS = '/apis/stasis.dev/v1alpha1';
const CRDS = ['deploy/crds/checkpoints.yaml', 'deploy/crds/podcaptures.yaml'];

/** The parts of a CustomResourceDefinition that the tests change. */
export interface Crd {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}
export interface Schema {
  properties?: Record<string, Schema>;
  [word: string]: unknown;
}

export interface PluginWorld {
  readonly cluster: Cluster;
  readonly api: ApiClient;
  readonly plugin: Plugin;
  /** Creates or replaces the two kinds, changed where a test wants another version of them. */
  applyKinds(change?: (crd: Crd) => Crd): Promise<void>;
  namespace(name: string): Promise<string>;
  /** The names of the Checkpoints of a namespace. */
  names(namespace: string): Promise<readonly string[]>;
  /** Waits until there is a Checkpoint of that name. */
  appeared(namespace: string, name: string): Promise<void>;
  create(namespace: string, name: string, spec: object): Promise<void>;
  /** Writes a status as the controller would. Returns the HTTP code. */
  setStatus(namespace: string, name: string, status: object): Promise<number>;
  close(): Promise<void>;
}

function list(namespace: string): string {
  return `${STASIS}/namespaces/${namespace}/checkpoints`;
}

export async function openPluginWorld(name: string): Promise<PluginWorld> {
  const cluster = await up({ name, nodes: 0 });
  const api = apiClient(readFileSync(cluster.kubeconfig, 'utf8'));
  const plugin = openPlugin(cluster);
  return {
    cluster,
    api,
    plugin,
    applyKinds: async (change = (crd) => crd) => {
      for (const file of CRDS) {
        const input = stringify(change(parse(readFileSync(file, 'utf8')) as Crd));
        const ran = await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
        expect([ran.status, ran.stderr]).toEqual([0, '']);
      }
      const kinds = ['crd/checkpoints.stasis.dev', 'crd/podcaptures.stasis.dev'];
      await cluster.kubectl(['wait', '--for=condition=Established', ...kinds]);
      await until('the kinds', async () => {
        const answer = await api.request('GET', `${STASIS}/checkpoints`);
        return answer.code === 200 ? true : undefined;
      });
    },
    namespace: async (wanted) => {
      await api.must('POST', '/api/v1/namespaces', { body: { metadata: { name: wanted } } });
      return wanted;
    },
    names: async (namespace) => {
      const { json } = await api.must('GET', list(namespace));
      return (json['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
    },
    appeared: async (namespace, wanted) => {
      await until(`the Checkpoint ${wanted}`, async () => {
        const answer = await api.request('GET', `${list(namespace)}/${wanted}`);
        return answer.code === 200 ? true : undefined;
      });
    },
    create: async (namespace, wanted, spec) => {
      const body = { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint', metadata: { name: wanted }, spec };
      await api.must('POST', list(namespace), { body });
    },
    setStatus: async (namespace, wanted, status) => {
      const asking = { body: { status }, contentType: MERGE_PATCH };
      return (await api.request('PATCH', `${list(namespace)}/${wanted}/status`, asking)).code;
    },
    close: async () => {
      plugin.close();
      api.close();
      await cluster.down();
    },
  };
}

/** Checks that a failure is told in one line, which begins with `error: `, and without a stack trace. Returns the line. */
export function oneError(stderr: string): string {
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(errors).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  return errors[0] ?? '';
}

/** The conditions of a Checkpoint that is in progress for a reason, or has ended with it. */
export function conditions(reason: string, end?: 'succeeded' | 'failed'): { readonly conditions: readonly object[] } {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const one = (type: string, status: string): object => ({
    type,
    status,
    reason,
    message: `It is ${reason}.`,
    lastTransitionTime,
  });
  const over = end === undefined ? 'Unknown' : 'True';
  return {
    conditions: [
      one('Dispatched', 'True'),
      one('Held', 'False'),
      one('Released', over),
      one('Succeeded', end === undefined ? 'Unknown' : end === 'succeeded' ? 'True' : 'False'),
      one('Finished', end === undefined ? 'False' : 'True'),
    ],
  };
}
