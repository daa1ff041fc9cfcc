/**
 * Looks for freezers of a pod that an earlier process left closed. It never opens one, because a container that
 * somebody paused looks the same.
 */
import type { Clock } from '../../kube/clock.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { lookAtFreezer } from '../cgroup/freezer-look.js';

/**
 * Number of looks, and the interval between them in milliseconds. When two agents overlap, the old one may still be
 * capturing the pod, but its freezers are open again within these two seconds.
 */
const LOOKS = 20;
const LOOK_EVERY_MS = 100;

/** Returns the cgroups whose freezers are still closed after all looks. */
export async function leftFrozen(
  containers: readonly ContainerTarget[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly ContainerTarget[]> {
  let frozen = containers.filter(isAskedToFreeze);
  for (let look = 1; frozen.length > 0 && look < LOOKS && !signal.aborted; look++) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    frozen = frozen.filter(isAskedToFreeze);
  }
  return frozen;
}

/**
 * Whether the freezer of this cgroup itself is closed. A closed freezer of a cgroup above it does not count, and
 * neither does a cgroup that is gone.
 */
export function isAskedToFreeze({ directory, cgroupVersion }: ContainerTarget): boolean {
  return lookAtFreezer(directory, cgroupVersion)?.self === true;
}

/** Whether the kernel reports the cgroup as frozen: `freezer.state` FROZEN on v1, `frozen 1` in cgroup.events on v2. */
export function isFrozen({ directory, cgroupVersion }: ContainerTarget): boolean {
  return lookAtFreezer(directory, cgroupVersion)?.frozen === true;
}
