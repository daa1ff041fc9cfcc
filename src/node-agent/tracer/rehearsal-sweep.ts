/** Removes the cgroups of rehearsals whose process was killed in the middle. */
import { rmdirSync } from 'node:fs';
import { exists, listDirectories } from '../cgroup/files.js';

/** The name of a rehearsal's cgroup: `stasis-rehearsal-PID-RANDOM`. */
const NAME = /^stasis-rehearsal-(\d+)-[0-9a-f]{8}$/;

/** The name for a rehearsal of the process `pid`. */
export function rehearsalName(pid: number, random: string): string {
  return `stasis-rehearsal-${pid}-${random.slice(0, 8)}`;
}

/**
 * Removes from `parent` the empty cgroups of rehearsals whose owner is dead. Nothing is killed: a sleeper ends with its shell, which ends
 * with its owner, and a name or a pid does not prove that a task is ours. A cgroup that still has a task is left to the next start.
 */
export function sweepRehearsals(parent: string, proc: string): void {
  const names = listDirectories(parent);
  for (const name of names.ok ? names.value : []) {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || exists(`${proc}/${owner}`)) continue;
    try {
      rmdirSync(`${parent}/${name}`);
    } catch {
      // EBUSY: a task is in it.
    }
  }
}
