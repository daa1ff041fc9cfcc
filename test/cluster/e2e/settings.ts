/** The settings of the installation, changed for a test, and everything that must be ready afterwards. */
import type { Cluster } from '../harness/cluster.js';

export const STASIS = 'stasis-system';
const WORKLOADS = ['deployment/stasis-controller', 'daemonset/stasis-node-agent'];

/** Runs kubectl, which must succeed, and returns what it prints. */
export async function kubectl(cluster: Cluster, args: readonly string[], input?: string): Promise<string> {
  const ran = await cluster.kubectl(args, input === undefined ? {} : { input });
  if (ran.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** Upgrades the release to the chart's default values with these settings instead of the settings before. */
export async function settle(cluster: Cluster, ...settings: readonly string[]): Promise<void> {
  const sets = settings.flatMap((setting) => ['--set', setting]);
  const upgrade = ['upgrade', 'stasis', 'deploy/helm', '-n', STASIS, '--reset-values', '--wait', '--timeout', '5m'];
  const ran = await cluster.helm([...upgrade, ...sets]);
  if (ran.status !== 0) throw new Error(`helm upgrade: ${ran.stderr}`);
  await rolledOut(cluster);
}

/** Waits until every pod of the release is of its newest template and ready. */
export async function rolledOut(cluster: Cluster): Promise<void> {
  for (const workload of WORKLOADS)
    await kubectl(cluster, ['rollout', 'status', workload, '-n', STASIS, '--timeout=180s']);
}
