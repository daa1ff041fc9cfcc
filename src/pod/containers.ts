/** Tells which containers of a pod a Checkpoint selects, and whether they run. Pure. */
import type { CaptureContainer } from '../api/kinds.js';
import type { Reason } from '../api/reasons.js';
import type { ContainerStatus, Pod } from './pod.js';

export type ContainerChoice =
  | { readonly ok: true; readonly containers: CaptureContainer[] }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** Most containers of one capture; the bound is in the schema of the PodCapture. */
const MOST_CONTAINERS = 64;
/** The pattern in the schema of the PodCapture. The ID becomes a part of a path on the node. */
const CONTAINER_ID = /^[A-Za-z0-9]{1,128}$/;

/** The names of the pod's containers, init containers and ephemeral containers, in the order of the pod's spec. */
export function containerNames({ spec }: Pod): string[] {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  return all.map(({ name }) => name);
}

/**
 * Without names, selects every running container, including sidecars, running init containers and ephemeral containers.
 */
export function chooseContainers(pod: Pod, names: readonly string[] | undefined): ContainerChoice {
  const running = runningContainers(pod);
  const chosen = names === undefined ? running : running.filter(({ name }) => names.includes(name));
  const still = names?.filter((name) => !chosen.some((container) => container.name === name)) ?? [];
  if (still.length > 0) return notRunning(`${subject(still)} not running in pod ${pod.metadata.name}`);
  if (chosen.length === 0) return notRunning(`no container of pod ${pod.metadata.name} is running`);
  if (chosen.length > MOST_CONTAINERS) {
    const message = `pod ${pod.metadata.name} runs ${chosen.length} of the selected containers, and one capture takes at most ${MOST_CONTAINERS}; name the containers to hold in spec.containers`;
    return { ok: false, reason: 'InvalidTarget', message };
  }
  return { ok: true, containers: chosen };
}

/**
 * Leaves out containers whose ID does not match the pattern. No supported container runtime uses such IDs, so the
 * cgroup could not be found.
 */
export function runningContainers({ status }: Pick<Pod, 'status'>): CaptureContainer[] {
  const all: readonly ContainerStatus[] = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.flatMap(({ name, containerID = '', state }) => {
    const id = containerID.slice(containerID.indexOf('://') + 3);
    const usable = containerID.includes('://') && CONTAINER_ID.test(id);
    return state?.running !== undefined && usable ? [{ name, containerID: id }] : [];
  });
}

function notRunning(message: string): ContainerChoice {
  return { ok: false, reason: 'ContainerNotRunning', message };
}

function subject(names: readonly string[]): string {
  return names.length === 1 ? `container ${names.join('')} is` : `containers ${names.join(', ')} are`;
}
