/** Operations on a cluster that must not have to wait for a hold. */
import { join } from 'node:path';

import type { Cluster } from '../harness/cluster.js';
import { sourceFolder } from '../harness/source-tree.js';
import { until } from '../e2e/world.js';
import { now } from '../../chaos/scene.js';
import type { Row } from './row.js';

/** terminationGracePeriodSeconds of the agents' pods, in milliseconds. */
const GRACE_MS = 30_000;
const RELEASE = ['stasis', '--namespace', 'stasis-system'];
const AGENTS = ['daemonset/stasis-node-agent', '--namespace', 'stasis-system'];

export const rollingUpdate: Row = {
  name: 'rollout',
  row: 'rolling update of the agents during a hold',
  // maxUnavailable allows one of the two nodes here at a time, so the agent of the other node may have to become ready
  // first.
  bound: 2 * GRACE_MS,
  moments: ['hold'],
  reasons: { held: ['HoldCutShort'], short: ['Captured'] },
  harm: begins,
  during: async ({ cluster }) => await kubectl(cluster, 'rollout', 'restart', ...AGENTS),
  mend: async ({ cluster }) => await kubectl(cluster, 'rollout', 'status', ...AGENTS, '--timeout=120s'),
};

export const drain: Row = {
  name: 'drain',
  row: 'node drain during a hold',
  bound: GRACE_MS,
  moments: ['hold'],
  reasons: { held: ['HoldCutShort'], short: ['Captured'] },
  endsPod: true,
  harm: begins,
  during: async ({ cluster, site }) =>
    // --force is needed because the pod has no controller.
    await kubectl(
      cluster,
      'drain',
      site.node.name,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--force',
      '--timeout=60s',
    ),
  restore: async ({ cluster, site }) => await kubectl(cluster, 'uncordon', site.node.name),
};

/** The Checkpoint is deleted together with its kind, so its result is not checked. */
export const uninstall: Row = {
  name: 'uninstall',
  row: 'helm uninstall during a hold',
  bound: GRACE_MS,
  moments: ['hold'],
  harm: begins,
  during: async ({ cluster }) => await helm(cluster, 'uninstall', ...RELEASE, '--wait', '--timeout', '2m'),
  mend: async ({ cluster }) => {
    // The garbage collector deletes the pods of the workloads that helm deleted, and kubelet gives them their grace
    // period.
    const gone = async (): Promise<true | undefined> => ((await leftovers(cluster)).length === 0 ? true : undefined);
    await until('everything of the release to go', gone).catch(() => undefined);
    const left = await leftovers(cluster);
    await helm(cluster, 'install', 'stasis', CHART, ...RELEASE.slice(1), '--wait', '--timeout', '3m');
    if (left.length > 0) throw new Error(`helm uninstall left ${left.join(', ')}`);
  },
};

const CHART = join(sourceFolder(), '..', '..', 'deploy', 'helm');
const KINDS = 'pods,daemonsets,deployments,jobs,services,serviceaccounts,clusterroles,customresourcedefinitions';

async function leftovers(cluster: Cluster): Promise<readonly string[]> {
  const query = ['get', KINDS, '-A', '-l', 'app.kubernetes.io/instance=stasis', '-o', 'name'];
  const { stdout } = await cluster.kubectl(query);
  return stdout.split('\n').filter(Boolean);
}

async function begins(): Promise<bigint> {
  return await Promise.resolve(now());
}

async function kubectl(cluster: Cluster, ...args: readonly string[]): Promise<void> {
  const { status, stderr } = await cluster.kubectl(args);
  if (status !== 0) throw new Error(`kubectl ${args[0]}: ${stderr}`);
}

async function helm(cluster: Cluster, ...args: readonly string[]): Promise<void> {
  const { status, stderr } = await cluster.helm(args);
  if (status !== 0) throw new Error(`helm ${args[0]}: ${stderr}`);
}
