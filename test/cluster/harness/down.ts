import { removeCgroups } from './cgroup-trees.js';
import { readState, removeState, strayCgroups } from './state.js';

/**
 * Takes a cluster away, or whatever is left of one of that name: after a crash of its maker too, in the middle of coming
 * up, or twice at once. Every process of a cluster is in one of its cgroups or below; mounts, interfaces and routes are
 * in its namespaces, which end with the last process. Throws, naming it, when something cannot be removed.
 */
export async function takeDown(name: string): Promise<void> {
  const cgroups = new Set([...(readState(name)?.cgroups ?? []), ...strayCgroups(name)]);
  await removeAll(name, [...cgroups]);
  removeState(name);
}

/**
 * The same for one very cluster, and never for a later one of the same name: whoever finds its maker dead may be late.
 */
export async function takeDownOnly(name: string, id: string): Promise<void> {
  const state = readState(name);
  if (state?.id !== id) return;
  await removeAll(name, state.cgroups);
  if (readState(name)?.id === id) removeState(name);
}

/** The state stays as long as anything does, so that one can try again. */
async function removeAll(name: string, cgroups: readonly string[]): Promise<void> {
  const left = await removeCgroups(cgroups);
  if (left.length > 0) throw new Error(`left of the cluster ${name}: ${left.join('; ')}`);
}
