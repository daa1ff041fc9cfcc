/**
 * A cluster that has the chart installed, for tests of what the API server allows. STASIS_TEST_KUBECONFIG names one where
 * somebody has installed it as release `stasis` in `stasis-system`; STASIS_TEST_CLUSTER names a running throw-away cluster.
 * Without either the tests bring up one of their own, and install the chart there: its pods need not run for this.
 */
import { readFileSync } from 'node:fs';
import { attach, type Cluster } from './harness/cluster.js';
import { up } from './harness/up.js';
import { apiClient, until, type ApiClient } from './api-client.js';
import { REPOSITORY } from '../kernel/harness/programs.js';

export const STASIS_NAMESPACE = 'stasis-system';

export interface Installed {
  readonly api: ApiClient;
  /** An image with a shell that the cluster's nodes can start. */
  readonly image: string;
  close(): Promise<void>;
}

/** @param name of the throw-away cluster, when there has to be one of our own */
export async function openInstalled(name: string): Promise<Installed> {
  const { kubeconfig, image, close } = await findCluster(name);
  const api = apiClient(readFileSync(kubeconfig, 'utf8'));
  await policiesInForce(api);
  return {
    api,
    image,
    close: async () => {
      api.close();
      await close();
    },
  };
}

/** Installs the chart of this tree. Does not wait for its pods. */
export async function install(cluster: Cluster, ...settings: readonly string[]): Promise<void> {
  const values = settings.flatMap((setting) => ['--set', setting]);
  const chart = `${REPOSITORY}/deploy/helm`;
  const ran = await cluster.helm(['install', 'stasis', chart, '-n', STASIS_NAMESPACE, '--create-namespace', ...values]);
  if (ran.status !== 0) throw new Error(`helm install: ${ran.stderr}`);
}

async function findCluster(
  name: string,
): Promise<{ readonly kubeconfig: string; readonly image: string; readonly close: () => Promise<void> }> {
  const kubeconfig = process.env['STASIS_TEST_KUBECONFIG'];
  const image = process.env['STASIS_TEST_IMAGE'];
  if (kubeconfig !== undefined) return { kubeconfig, image: image ?? 'busybox:1.36', close: async () => undefined };
  const running = process.env['STASIS_TEST_CLUSTER'];
  const attached = running === undefined ? undefined : attach(running);
  if (running !== undefined && attached === undefined)
    throw new Error(`STASIS_TEST_CLUSTER: no cluster ${running} is up`);
  const cluster = attached ?? (await up({ name, nodes: 2 }));
  const there = await cluster.helm(['status', 'stasis', '-n', STASIS_NAMESPACE]);
  if (there.status !== 0) await install(cluster);
  return {
    kubeconfig: cluster.kubeconfig,
    image: image ?? 'stasis.test/busybox:1',
    close: async () => {
      if (attached === undefined) await cluster.down();
    },
  };
}

/** The API server enforces a new policy only after a moment; all of them at once. */
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
      holdSeconds: 0,
      dryRun: false,
    },
  };
}
