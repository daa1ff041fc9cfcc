/** Runs the part of a command that needs the cluster: connects before it, and disconnects after it. */
import type { ClusterFlags } from './cluster-flags.js';
import { FAILED } from './exit-codes.js';
import { soundApi } from './sound-api.js';
import type { Cluster, Surroundings } from './surroundings.js';

export async function withCluster(
  surroundings: Surroundings,
  flags: ClusterFlags,
  work: (cluster: Cluster) => Promise<number>,
): Promise<number> {
  const connected = await surroundings.connect(flags);
  if (!connected.ok) return await fail(surroundings, connected.message);
  try {
    const { cluster } = connected;
    return await work({ ...cluster, api: soundApi(cluster.api) });
  } finally {
    await surroundings.terminal.clearProgress();
    await connected.cluster.close();
  }
}

/** Prints a failure in one line, and returns the exit status of a failure. */
export async function fail({ terminal }: Pick<Surroundings, 'terminal'>, message: string): Promise<number> {
  await terminal.say(`error: ${message}`);
  return FAILED;
}
