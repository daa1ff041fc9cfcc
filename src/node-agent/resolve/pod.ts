/** `--pod UID`: the cgroups of a pod's containers, by walking the hierarchies for the pod's directory. */
import { isSandboxProgram, parsePodUID } from '../pure/pod-layout.js';
import { parseStatus } from '../pure/proc-status.js';
import { directoryOf, objectionTo, replacesV1, targetOf, type Candidate } from './candidate.js';
import { readLink, readText } from '../cgroup/files.js';
import { readHierarchies, type Hierarchies } from './hierarchies.js';
import { findPod, type PodInHierarchy } from './pod-walk.js';
import { refuse, shown, type Found, type Resolution, type ResolveRoots, type TargetRequest } from './request.js';
import { subtreeTasks } from './tasks.js';

/** Resolves to every container of the pod that holds a task, without the sandbox and without CRI-O's conmon. */
export function resolvePod(text: string, freezer: TargetRequest['freezer'], roots: ResolveRoots): Resolution {
  const uid = parsePodUID(text);
  if (uid === undefined) return refuse(`"${shown(text)}" is not the UID of a pod`);
  const hierarchies = readHierarchies(roots);
  if (!hierarchies.ok) return hierarchies;
  const pod = findInHierarchies(uid, hierarchies.value);
  if (!pod.ok) return pod;
  if (!pod.value.some((hierarchy) => hierarchy.present)) return refuse(`no cgroup of pod ${uid} on this machine`);
  const containers = mergeContainers(pod.value);
  if (!containers.ok) return refuse(`pod ${uid}: ${containers.message}`);
  return chooseTargets(uid, [...containers.value.values()], freezer, roots);
}

/**
 * Finds the pod in v2 and in the v1 freezer. A pod that is in neither is looked for in the other v1 hierarchies, one by one,
 * where its tasks can be interrupted one by one.
 */
export function findInHierarchies(uid: string, hierarchies: Hierarchies): Found<readonly PodInHierarchy[]> {
  const { unified, freezerV1, otherV1 } = hierarchies;
  if (unified === undefined && freezerV1 === undefined && otherV1.length === 0) {
    return refuse(`pod ${uid}: no cgroup hierarchy is mounted below ${shown(hierarchies.cgroupRoot)}`);
  }
  const found: PodInHierarchy[] = [];
  if (unified !== undefined) {
    const pod = findPod(unified.mountPoint, 'v2', uid);
    if (!pod.ok) return pod;
    found.push(pod.value);
  }
  for (const mount of freezerV1 === undefined ? otherV1 : [freezerV1, ...otherV1]) {
    if (mount !== freezerV1 && found.some((hierarchy) => hierarchy.present)) break;
    const pod = findPod(mount.mountPoint, 'v1', uid);
    if (!pod.ok) return pod;
    found.push(pod.value);
  }
  return { ok: true, value: found };
}

/** A cgroup of a container, and the tids in it. */
export interface Populated {
  readonly candidate: Candidate;
  readonly tids: ReadonlySet<number>;
}

/** A container with its populated cgroup in each hierarchy. */
export interface Container {
  readonly v1?: Populated;
  readonly v2?: Populated;
}

/** The containers that hold a task in some hierarchy, by ID. Containers that have exited are left out. */
export function mergeContainers(hierarchies: readonly PodInHierarchy[]): Found<ReadonlyMap<string, Container>> {
  const containers = new Map<string, Container>();
  for (const hierarchy of hierarchies) {
    for (const [id, candidates] of hierarchy.containers) {
      for (const candidate of candidates) {
        const tasks = subtreeTasks(directoryOf(candidate), candidate.version);
        if (!tasks.ok && !tasks.gone) return tasks;
        if (!tasks.ok || tasks.value.size === 0) continue;
        const container = containers.get(id) ?? {};
        const other = container[candidate.version];
        if (other !== undefined) {
          const places = `${shown(directoryOf(other.candidate))} and ${shown(directoryOf(candidate))}`;
          return refuse(`container ${id} is in two places: ${places}`);
        }
        containers.set(id, { ...container, [candidate.version]: { candidate, tids: tasks.value } });
      }
    }
  }
  return { ok: true, value: containers };
}

function chooseTargets(
  uid: string,
  containers: readonly Container[],
  freezer: TargetRequest['freezer'],
  roots: ResolveRoots,
): Resolution {
  const workload = containers.filter((container) => !isSandbox(container, roots.proc));
  if (workload.length === 0) {
    return refuse(`pod ${uid} has no running container${containers.length === 0 ? '' : ' but its sandbox'}`);
  }
  const chosen = oneVersion(workload);
  for (const { candidate, tids } of chosen) {
    const objection = objectionTo(candidate, tids, roots);
    if (objection !== undefined) return refuse(`pod ${uid}: ${objection}`);
  }
  const targets = chosen.map(({ candidate }) => targetOf(candidate, freezer));
  return { ok: true, containers: targets.sort((a, b) => (a.cgroupPath < b.cgroupPath ? -1 : 1)) };
}

/**
 * Chooses v2 for all containers if each v1 cgroup has a v2 cgroup that can replace it. Otherwise chooses v1 for all containers
 * that are in v1: a pod is held by one freezer, so that its containers stop together.
 */
export function oneVersion(containers: readonly Container[]): readonly Populated[] {
  const allUnified = containers.every(
    ({ v1, v2 }) => v1 === undefined || (v2 !== undefined && replacesV1(v2.candidate, v1.candidate)),
  );
  return containers.flatMap(({ v1, v2 }) => (allUnified ? (v2 ?? v1 ?? []) : (v1 ?? v2 ?? [])));
}

/**
 * Whether the container is the sandbox. The pod runs meanwhile. The link is read, not followed, because its target is in the
 * pod's own file system.
 */
function isSandbox(container: Container, proc: string): boolean {
  const [tid, another] = new Set([...(container.v1?.tids ?? []), ...(container.v2?.tids ?? [])]);
  if (tid === undefined || another !== undefined) return false;
  const status = readText(`${proc}/${tid}/status`);
  const exe = readLink(`${proc}/${tid}/exe`);
  if (!status.ok || !exe.ok) return false;
  const parsed = parseStatus(status.value);
  return parsed.ok && isSandboxProgram(parsed.value.comm, exe.value);
}
