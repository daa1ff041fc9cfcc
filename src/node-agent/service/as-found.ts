/** What a process before this one left of a pod's freezers: looked at, and not touched, for a paused container looks the same. */
import type { Clock } from '../../kube/clock.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { lookAtFreezer } from '../cgroup/freezer-look.js';

/** Where two agents overlap, the old one may be at it: its freezers are open again within this. */
const LOOKS = 20;
const LOOK_EVERY_MS = 100;

/** The directories of those that are still asked to be frozen. */
export async function leftFrozen(
  containers: readonly ContainerTarget[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  let frozen = containers.filter(isAskedToFreeze);
  for (let look = 1; frozen.length > 0 && look < LOOKS && !signal.aborted; look++) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    frozen = frozen.filter(isAskedToFreeze);
  }
  return frozen.map(({ directory }) => directory);
}

/** Whether this very cgroup is asked to be frozen; a request above it is none of ours. A cgroup that is gone is not frozen. */
export function isAskedToFreeze({ directory, cgroupVersion }: ContainerTarget): boolean {
  return lookAtFreezer(directory, cgroupVersion)?.self === true;
}

/** Whether the cgroup is frozen in fact: `freezer.state` FROZEN, or `frozen 1` in cgroup.events. */
export function isFrozen({ directory, cgroupVersion }: ContainerTarget): boolean {
  return lookAtFreezer(directory, cgroupVersion)?.frozen === true;
}
