/**
 * A cluster with the chart installed, for tests of what the API server allows. The chart's pods do not run, because
 * their image is missing: a working controller would delete the PodCaptures that these tests create without a
 * Checkpoint. To repeat a single test, STASIS_TEST_API_CLUSTER names a running throw-away cluster of that kind.
 */
import { readFileSync } from 'node:fs';
import { attach, type Cluster } from './harness/cluster.js';
import type { Ran } from './harness/run.js';
import { up } from './harness/up.js';
import { apiClient, until, type ApiClient } from './api-client.js';
import { REPOSITORY } from '../kernel/harness/programs.js';

export const STASIS_NAMESPACE = 'stasis-system';

export interface Installed {
  readonly api: ApiClient;
  /** An image with a shell that the cluster's nodes can start. */
  readonly image: string;
  /** Runs kubectl of the cluster's own version as its administrator. */
  kubectl(args: readonly string[], input?: string): Promise<Ran>;
  close(): Promise<void>;
}

/** @param nodes Number of nodes that the tests need; 0 is enough for tests of the API server alone. */
export async function openInstalled(name: string, nodes: number): Promise<Installed> {
  const { cluster, close } = await findCluster(name, nodes);
  const there = await cluster.helm(['status', 'stasis', '-n', STASIS_NAMESPACE]);
  if (there.status !== 0) await install(cluster);
  const api = apiClient(readFileSync(cluster.kubeconfig, 'utf8'));
  await policiesInForce(api);
  return {
    api,
    image: 'stasis.test/busybox:1',
    kubectl: async (args, input) => await cluster.kubectl(args, input === undefined ? {} : { input }),
    close: async () => {
      api.close();
      await close();
    },
  };
}

/** Installs the chart of this source tree, without waiting for its pods. */
export async function install(cluster: Cluster, ...settings: readonly string[]): Promise<void> {
  const values = settings.flatMap((setting) => ['--set', setting]);
  const chart = `${REPOSITORY}/deploy/helm`;
  const ran = await cluster.helm(['install', 'stasis', chart, '-n', STASIS_NAMESPACE, '--create-namespace', ...values]);
  if (ran.status !== 0) throw new Error(`helm install: ${ran.stderr}`);
}

async function findCluster(
  name: string,
  nodes: number,
): Promise<{ readonly cluster: Cluster; readonly close: () => Promise<void> }> {
  const running = process.env['STASIS_TEST_API_CLUSTER'];
  if (running === undefined) {
    // Files of tests run side by side, each in a process of its own.
    const cluster = await up({ name: `${name}-${process.pid}`, nodes });
    return { cluster, close: () => cluster.down() };
  }
  const cluster = attach(running);
  if (cluster === undefined) throw new Error(`STASIS_TEST_API_CLUSTER: no cluster ${running} is up`);
  return { cluster, close: () => Promise.resolve() };
}

/** Waits until the policies are enforced. The API server enforces new policies with a delay, all of them at once. */
async function policiesInForce(api: ApiClient): Promise<void> {
  const captures = '/apis/stasis.dev/v1alpha1/namespaces/default/podcaptures?dryRun=All';
  await until('the policies to be in force', async () =>
    (await api.request('POST', captures, { body: probeCapture() })).message.includes('ValidatingAdmissionPolicy')
      ? true
      : undefined,
  );
}

function probeCapture(): object {
  return {
    apiVersion: 'stasis.dev/v1alpha1',
    kind: 'PodCapture',
    metadata: { name: 'probe' },
    spec: {
      nodeName: 'probe',
      podName: 'probe',
      podUID: 'probe',
      containers: [{ name: 'probe', containerID: 'probe' }],
      freezer: 'Auto',
      timeoutSeconds: 1,
      dryRun: false,
    },
  };
}
