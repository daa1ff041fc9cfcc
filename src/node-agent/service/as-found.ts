/** What a process before this one left of a pod's freezers: looked at, and not touched, for a paused container looks the same. */
import type { Clock } from '../../kube/clock.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { readText } from '../resolve/files.js';

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

/** The request of this very cgroup: one above it is none of ours. One that is gone is not frozen. */
export function isAskedToFreeze({ directory, cgroupVersion }: ContainerTarget): boolean {
  const text = readText(`${directory}/${cgroupVersion === 'v1' ? 'freezer.self_freezing' : 'cgroup.freeze'}`);
  return text.ok && text.value.trim() === '1';
}

/** The fact: `freezer.state` FROZEN, or `frozen 1` in cgroup.events. */
export function isFrozen({ directory, cgroupVersion }: ContainerTarget): boolean {
  const text = readText(`${directory}/${cgroupVersion === 'v1' ? 'freezer.state' : 'cgroup.events'}`);
  return text.ok && (cgroupVersion === 'v1' ? text.value.startsWith('FROZEN') : /^frozen 1$/m.test(text.value));
}
