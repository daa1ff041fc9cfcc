/**
 * Finds this process's own cgroup on the host.
 *
 * In a cgroup namespace of its own, as in a container on cgroup v2, /proc/self/cgroup says `/`, and a mount of the whole
 * hierarchy has the root `/../..` (cgroup_namespaces(7)). The two texts cannot be matched, so the hierarchy is searched for the
 * process.
 */
import { pathBelowMount, type HierarchyMount } from '../pure/cgroup-mounts.js';
import { freezerPath, parseProcCgroup, unifiedPath } from '../pure/proc-cgroup.js';
import { exists, listDirectories, readIds, readNames } from '../cgroup/files.js';
import { TASK_FILE } from '../cgroup/list-tasks.js';
import { readHierarchies } from './hierarchies.js';
import type { ResolveRoots } from './request.js';
import type { CgroupVersion } from '../pure/container-target.js';

/** Most cgroups that are searched. A node of hundreds of pods has some thousand cgroups, and a look at one takes about 30 µs. */
const MAX_CGROUPS = 50_000;

/**
 * The directory of this process's cgroup, below the mount point; the mount point itself for the root cgroup. Undefined when the
 * cgroup cannot be seen there.
 */
export function ownCgroup(roots: ResolveRoots, mount: HierarchyMount, version: CgroupVersion): string | undefined {
  const told = toldDirectory(roots, mount, version);
  return told !== undefined && holds(told, version, roots.self) ? told : search(mount.mountPoint, version, roots.self);
}

/**
 * This process's directory in the v1 freezer hierarchy. If somebody freezes that cgroup, even SIGKILL does not end this process,
 * and the guard then opens the freezer. Undefined when there is no such hierarchy, or when this process is in its root, which has
 * no freezer.
 */
export function ownFreezer(roots: ResolveRoots): string | undefined {
  const hierarchies = readHierarchies(roots);
  const mount = hierarchies.ok ? hierarchies.value.freezerV1 : undefined;
  const own = mount && ownCgroup(roots, mount, 'v1');
  return own !== undefined && exists(`${own}/freezer.self_freezing`) ? own : undefined;
}

function toldDirectory(roots: ResolveRoots, mount: HierarchyMount, version: CgroupVersion): string | undefined {
  const text = readNames(`${roots.proc}/self/cgroup`);
  const entries = text.ok ? parseProcCgroup(text.value) : undefined;
  if (entries?.ok !== true) return undefined;
  const path = version === 'v1' ? freezerPath(entries.value) : unifiedPath(entries.value);
  const below = path === undefined ? undefined : pathBelowMount(mount, path);
  return below === undefined ? undefined : `${mount.mountPoint}${below}`;
}

function search(mountPoint: string, version: CgroupVersion, pid: number): string | undefined {
  const pending = [mountPoint];
  for (let looked = 0; looked < Math.min(pending.length, MAX_CGROUPS); looked++) {
    const directory = pending[looked];
    if (directory === undefined) break;
    if (holds(directory, version, pid)) return directory;
    const names = listDirectories(directory);
    if (names.ok) for (const name of names.value) pending.push(`${directory}/${name}`);
  }
  return undefined;
}

/** This looks at threads, because a threaded v2 cgroup lists no processes. The tid of the first thread is the pid. */
function holds(directory: string, version: CgroupVersion, pid: number): boolean {
  const tids = readIds(`${directory}/${TASK_FILE[version]}`);
  return typeof tids !== 'number' && tids.includes(pid);
}
