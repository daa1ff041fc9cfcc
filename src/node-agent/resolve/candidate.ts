/** Makes a target from a cgroup's directory: which freezer the cgroup has, and whether it may be captured at all. */
import { basename } from 'node:path';
import type { CgroupVersion, ContainerTarget } from '../pure/container-target.js';
import { recogniseContainer } from '../pure/pod-layout.js';
import { exists, readText } from '../cgroup/files.js';
import { refuse, shown, type Found, type ResolveRoots, type TargetRequest } from './request.js';
import { coversTasks, subtreeTasks } from './tasks.js';

/** A cgroup that was found: a real directory below a mount point. */
export interface Candidate {
  readonly mountPoint: string;
  /** Path below the mount point. It starts with `/`, and is never the mount point itself. */
  readonly cgroupPath: string;
  readonly version: CgroupVersion;
}

export function directoryOf(candidate: Candidate): string {
  return `${candidate.mountPoint}${candidate.cgroupPath}`;
}

/** Whether the cgroup has a freezer: cgroup.freeze since Linux 5.2, freezer.state in the freezer hierarchy of v1. */
export function hasFreezer(candidate: Candidate): boolean {
  return exists(`${directoryOf(candidate)}/${candidate.version === 'v2' ? 'cgroup.freeze' : 'freezer.state'}`);
}

/**
 * Whether the v2 cgroup can replace this cgroup of the v1 freezer: it can be frozen, it holds all tasks of the v1 cgroup, and v1
 * does not hold the tasks frozen already. Tasks that v1 has frozen never reach the stop that v2 and ptrace wait for, and only v1
 * tells that they were found frozen.
 */
export function replacesV1(v2: Candidate, v1: Candidate): boolean {
  if (!hasFreezer(v2)) return false;
  const state = readText(`${directoryOf(v1)}/freezer.state`);
  if (state.ok && state.value !== 'THAWED\n') return false;
  return coversTasks(directoryOf(v2), directoryOf(v1));
}

/** Makes the target of a candidate. The tasks of a cgroup without freezer are interrupted one by one. */
export function targetOf(candidate: Candidate, freezer: TargetRequest['freezer']): ContainerTarget {
  const container = recogniseContainer(basename(candidate.cgroupPath));
  return {
    ...(container === undefined ? {} : { containerID: container.containerID }),
    directory: directoryOf(candidate),
    cgroupPath: candidate.cgroupPath,
    cgroupVersion: candidate.version,
    freezer: freezer === 'none' || !hasFreezer(candidate) ? 'none' : candidate.version,
  };
}

/** The tids in a candidate and below it, unless {@link objectionTo} objects. */
export function capturableTasks(candidate: Candidate, roots: ResolveRoots): Found<ReadonlySet<number>> {
  const tasks = subtreeTasks(directoryOf(candidate), candidate.version);
  if (!tasks.ok) return tasks;
  const objection = objectionTo(candidate, tasks.value, roots);
  return objection === undefined ? tasks : refuse(objection);
}

/**
 * Why a cgroup with these tasks may not be captured: it has no task; it contains the capturing process itself, which would freeze
 * and never thaw; or it contains a task that only another pid namespace can name, which v2 lists as 0.
 */
export function objectionTo(candidate: Candidate, tids: ReadonlySet<number>, roots: ResolveRoots): string | undefined {
  const cgroup = `cgroup ${shown(directoryOf(candidate))}`;
  if (tids.size === 0) return `${cgroup} is empty: no task in it nor below it`;
  if (tids.has(roots.self))
    return `${cgroup} holds this process itself (pid ${roots.self}), which cannot hold itself still`;
  if (tids.has(0)) return `${cgroup} holds tasks of a pid namespace that this process cannot see into`;
  return undefined;
}
