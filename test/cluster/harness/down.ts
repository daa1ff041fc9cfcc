import { removeCgroups } from './cgroup-trees.js';
import { readState, removeState, strayCgroups } from './state.js';

/**
 * Takes down a cluster, or the remains of one: after a crash of its creator, while it is coming up, or twice at once.
 * Every process of a cluster is in one of its cgroups or below. Mounts, interfaces and routes are in its namespaces,
 * which end with the last process. Throws an error that names what could not be removed.
 */
export async function takeDown(name: string): Promise<void> {
  const cgroups = new Set([...(readState(name)?.cgroups ?? []), ...strayCgroups(name)]);
  await removeAll(name, [...cgroups]);
  removeState(name);
}

/**
 * Takes down one particular cluster, but never a later cluster of the same name: a process that found the creator dead
 * may act late.
 */
export async function takeDownOnly(name: string, id: string): Promise<void> {
  const state = readState(name);
  if (state?.id !== id) return;
  await removeAll(name, state.cgroups);
  if (readState(name)?.id === id) removeState(name);
}

/** The state file stays as long as anything else remains, so that the removal can be repeated. */
async function removeAll(name: string, cgroups: readonly string[]): Promise<void> {
  const left = await removeCgroups(cgroups);
  if (left.length > 0) throw new Error(`left of the cluster ${name}: ${left.join('; ')}`);
}
