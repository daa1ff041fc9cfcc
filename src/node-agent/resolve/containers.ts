/** Finds the containers of a pod that a PodCapture names, and no others, wherever the node keeps their cgroups. */
import { failure, type Failure } from '../pure/failure.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { parsePodUID } from '../pure/pod-layout.js';
import { objectionTo, targetOf } from './candidate.js';
import { readHierarchies } from './hierarchies.js';
import { findInHierarchies, mergeContainers, oneVersion, type Container } from './pod.js';
import type { PodInHierarchy } from './pod-walk.js';
import { shown, type ResolveRoots, type TargetRequest } from './request.js';
import { subtreeTasks } from './tasks.js';

/** A container as the API server knows it. */
export interface WantedContainer {
  readonly name: string;
  /** The ID, without the runtime's name in front. */
  readonly containerID: string;
}

export interface ContainersRequest {
  /** UID of the pod. */
  readonly uid: string;
  readonly containers: readonly WantedContainer[];
  readonly freezer: TargetRequest['freezer'];
}

/** A target for each container that was asked for, in that order, or the reason why there is none. */
export type ContainersResolution =
  | { readonly ok: true; readonly containers: readonly ContainerTarget[] }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Finds each container by the pod's UID and its own ID. The sandbox is never among them. Refuses the pod in which this process
 * lives, whatever the request calls it, before anything is written.
 */
export function resolveContainers(request: ContainersRequest, roots: ResolveRoots): ContainersResolution {
  const uid = parsePodUID(request.uid);
  if (uid === undefined) return refuse('InvalidTarget', `"${shown(request.uid)}" is not the UID of a pod`);
  const hierarchies = readHierarchies(roots);
  if (!hierarchies.ok) return refuse('HostUnfit', hierarchies.message);
  const pod = findInHierarchies(uid, hierarchies.value);
  if (!pod.ok) return refuse('HostUnfit', pod.message);
  if (holdsSelf(pod.value, roots)) {
    return refuse(
      'StasisPod',
      `pod ${uid} holds this process itself (pid ${roots.self}), which cannot hold itself still`,
    );
  }
  const found = mergeContainers(pod.value);
  if (!found.ok) return refuse('InvalidTarget', `pod ${uid}: ${found.message}`);
  return choose(request, found.value, roots);
}

function choose(
  request: ContainersRequest,
  found: ReadonlyMap<string, Container>,
  roots: ResolveRoots,
): ContainersResolution {
  const wanted: { readonly name: string; readonly container: Container }[] = [];
  for (const { name, containerID } of request.containers) {
    const container = found.get(containerID);
    if (container === undefined) {
      const what = `container ${shown(name)} (${shown(containerID)}) of pod ${request.uid}`;
      return refuse('CgroupGone', `${what}: no cgroup on this node holds a task of it`);
    }
    wanted.push({ name, container });
  }
  const targets: ContainerTarget[] = [];
  // Each container has a cgroup in at least one hierarchy, so no container is lost and the order is kept.
  for (const [index, { candidate, tids }] of oneVersion(wanted.map(({ container }) => container)).entries()) {
    const name = wanted[index]?.name ?? '';
    if (tids.has(roots.self)) return refuse('StasisPod', objectionTo(candidate, tids, roots) ?? '');
    const objection = objectionTo(candidate, tids, roots);
    if (objection !== undefined) return refuse('HostUnfit', `container ${shown(name)}: ${objection}`);
    targets.push({ name, ...targetOf(candidate, request.freezer) });
  }
  return { ok: true, containers: targets };
}

/** Whether this process is in the pod. This goes by cgroup, not by name, so a container of the pod that was not asked for counts too. */
function holdsSelf(pod: readonly PodInHierarchy[], roots: ResolveRoots): boolean {
  for (const { directories, version } of pod) {
    for (const directory of directories) {
      const tasks = subtreeTasks(directory, version);
      if (tasks.ok && tasks.value.has(roots.self)) return true;
    }
  }
  return false;
}

function refuse(reason: Failure['reason'], message: string): ContainersResolution {
  return { ok: false, failure: failure(reason, message) };
}
