/** Which containers of a pod a Checkpoint means, and whether they run. Pure. */
import type { CaptureContainer } from '../api/kinds.js';
import type { Reason } from '../api/reasons.js';
import type { ContainerStatus, Pod } from './resources.js';

export type ContainerChoice =
  | { readonly ok: true; readonly containers: CaptureContainer[] }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** The schema of a PodCapture. */
const MOST_CONTAINERS = 64;
/** The schema's pattern: it becomes part of a path on the node. */
const CONTAINER_ID = /^[A-Za-z0-9]{1,128}$/;

/** Names that the pod has, of all three sorts, in the order in which it lists them. */
export function containerNames({ spec }: Pod): string[] {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  return all.map(({ name }) => name);
}

/** Without names: every container that runs, sidecars, running init containers and ephemeral ones included. */
export function chooseContainers(pod: Pod, names: readonly string[] | undefined): ContainerChoice {
  const running = runningContainers(pod);
  const chosen = names === undefined ? running : running.filter(({ name }) => names.includes(name));
  const still = names?.filter((name) => !chosen.some((container) => container.name === name)) ?? [];
  if (still.length > 0) return notRunning(`${subject(still)} not running in pod ${pod.metadata.name}`);
  if (chosen.length === 0) return notRunning(`no container of pod ${pod.metadata.name} is running`);
  if (chosen.length > MOST_CONTAINERS) {
    const message = `${chosen.length} containers are more than the ${MOST_CONTAINERS} of one capture; name those to hold in spec.containers`;
    return { ok: false, reason: 'InvalidTarget', message };
  }
  return { ok: true, containers: chosen };
}

/** Without those whose ID is of no shape that a runtime of ours has: they have no cgroup that could be found. */
function runningContainers({ status }: Pod): CaptureContainer[] {
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
