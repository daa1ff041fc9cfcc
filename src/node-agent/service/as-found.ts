/**
 * Looks for freezers of a pod that an earlier process left closed. It never opens one, because a container that
 * somebody paused looks the same.
 */
import type { Clock } from '../../kube/clock.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { kindOf, saysGone } from '../cgroup/files.js';
import { lookAtFreezer } from '../cgroup/freezer-look.js';

/** Number of looks, and the interval between them in milliseconds. A thaw that is under way takes effect within them. */
const LOOKS = 20;
const LOOK_EVERY_MS = 100;

/** Returns the cgroups whose freezers are not seen open in any of the looks: closed, or not to be read. */
export async function leftFrozen(
  containers: readonly ContainerTarget[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly ContainerTarget[]> {
  let frozen = containers.filter(isNotSeenOpen);
  for (let look = 1; frozen.length > 0 && look < LOOKS && !signal.aborted; look++) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    frozen = frozen.filter(isNotSeenOpen);
  }
  return frozen;
}

function isNotSeenOpen(target: ContainerTarget): boolean {
  return ownFreezerOf(target) !== 'open';
}

/**
 * The state of the freezer of this cgroup itself. A closed freezer of a cgroup above it does not count, and a cgroup that is
 * gone holds nothing. `unseen`: the cgroup is there, and its files cannot be read, so nothing is known.
 */
export function ownFreezerOf({ directory, cgroupVersion }: ContainerTarget): 'open' | 'closed' | 'unseen' {
  const look = lookAtFreezer(directory, cgroupVersion);
  if (look !== undefined) return look.self ? 'closed' : 'open';
  const directoryKind = kindOf(directory);
  return !directoryKind.ok && saysGone(directoryKind) ? 'open' : 'unseen';
}

/** Whether the kernel reports the cgroup as frozen: `freezer.state` FROZEN on v1, `frozen 1` in cgroup.events on v2. */
export function isFrozen({ directory, cgroupVersion }: ContainerTarget): boolean {
  return lookAtFreezer(directory, cgroupVersion)?.frozen === true;
}
