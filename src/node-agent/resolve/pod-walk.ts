/** Finds a pod's directories in one hierarchy, and the containers' directories below them. */
import { isConmon, podUIDOf, recogniseContainer, recognisePodDirectory } from '../pure/pod-layout.js';
import { listDirectories } from '../cgroup/files.js';
import { refuse, shown, type Found } from './request.js';
import type { Candidate } from './candidate.js';
import type { CgroupVersion } from '../pure/container-target.js';

/**
 * Levels below a mount point that are walked. kubelet's own layout takes 4 (systemd), and a node that is itself a container takes
 * another 4 (`/docker/<id>/kubelet/kubepods/…`). A deeper cgroup was made by a workload.
 */
const MAX_DEPTH = 12;

/** The directories and containers of a pod in one hierarchy. */
export interface PodInHierarchy {
  /** The pod has a directory there, with or without containers. */
  readonly present: boolean;
  readonly version: CgroupVersion;
  /** The pod's own directories. More than one exists only where something other than kubelet made them. */
  readonly directories: readonly string[];
  /** The candidates by container ID. There is more than one when a container was found in several places, which kubelet never causes. */
  readonly containers: ReadonlyMap<string, readonly Candidate[]>;
}

/**
 * Walks from the mount point, never through a link. It never descends into the directory of another pod: a workload that may make
 * cgroups in its own pod could otherwise pass them off as this pod's.
 */
export function findPod(mountPoint: string, version: CgroupVersion, uid: string): Found<PodInHierarchy> {
  const containers = new Map<string, Candidate[]>();
  const top = listDirectories(mountPoint);
  if (!top.ok) return refuse(`cannot list ${shown(mountPoint)}: ${top.code}`);
  const directories: string[] = [];
  const pending = [{ path: '', name: '', depth: 0, inPod: false }];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    // A directory that is gone, or that we may not list, holds no container that could be captured.
    const names = listDirectories(`${mountPoint}${next.path}`);
    for (const name of names.ok ? names.value : []) {
      const path = `${next.path}/${name}`;
      const container = next.inPod ? recogniseContainer(name) : undefined;
      if (container !== undefined) {
        const found = { mountPoint, cgroupPath: path, version };
        containers.set(container.containerID, [...(containers.get(container.containerID) ?? []), found]);
        continue;
      }
      const isPod = !next.inPod && recognisePodDirectory(name, next.name, uid) !== undefined;
      if (isPod) directories.push(`${mountPoint}${path}`);
      if (next.depth + 1 === MAX_DEPTH || isConmon(name) || (!isPod && podUIDOf(name) !== undefined)) continue;
      pending.push({ path, name, depth: next.depth + 1, inPod: next.inPod || isPod });
    }
  }
  return { ok: true, value: { present: directories.length > 0, version, directories, containers } };
}
