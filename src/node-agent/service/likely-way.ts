/**
 * Predicts which freezer this node's pods will be held with, so that the rehearsal before the first capture uses the
 * same.
 */
import { ownCgroup } from '../resolve/own-cgroup.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { exists } from '../cgroup/files.js';
import { readHierarchies } from '../resolve/hierarchies.js';
import type { ResolveRoots } from '../resolve/request.js';
import { coversTasks } from '../resolve/tasks.js';

/**
 * The agent's own container was started by the same kubelet as the pods. If v2 covers all tasks of the agent's cgroup,
 * it will cover those of the pods too. Undefined when the agent's own cgroup cannot be found.
 */
export function likelyWay(roots: ResolveRoots): ContainerTarget | undefined {
  const hierarchies = readHierarchies(roots);
  if (!hierarchies.ok) return undefined;
  const { unified, freezerV1 } = hierarchies.value;
  const v1 = freezerV1 && ownCgroup(roots, freezerV1, 'v1');
  const v2 = unified && ownCgroup(roots, unified, 'v2');
  // The root cgroup has no cgroup.freeze; every other cgroup has one since Linux 5.2.
  const freezes = v2 !== undefined && (v2 === unified?.mountPoint || exists(`${v2}/cgroup.freeze`));
  if (v2 !== undefined && freezes && (v1 === undefined || coversTasks(v2, v1))) return target(v2, 'v2');
  return v1 === undefined ? undefined : target(v1, 'v1');
}

function target(directory: string, version: 'v1' | 'v2'): ContainerTarget {
  return { directory, cgroupPath: '/', cgroupVersion: version, freezer: version };
}
