/** Removes the cgroups of rehearsals whose process was killed in the middle. */
import { kill } from 'node:process';
import { rmdirSync } from 'node:fs';
import { exists, listDirectories, readIds, readText } from '../cgroup/files.js';

/** The name of a rehearsal's cgroup: `stasis-rehearsal-PID-RANDOM`. */
const NAME = /^stasis-rehearsal-(\d+)-[0-9a-f]{8}$/;

/** The name for a rehearsal of the process `pid`. */
export function rehearsalName(pid: number, random: string): string {
  return `stasis-rehearsal-${pid}-${random.slice(0, 8)}`;
}

/**
 * Removes from `parent` the cgroups of rehearsals whose owner is dead. Their sleepers end with their shell, which ends when its
 * owner is dead; one that has not ended yet is ended here, by its pid, and only if it is a sleeper.
 */
export function sweepRehearsals(parent: string, proc: string): void {
  const names = listDirectories(parent);
  for (const name of names.ok ? names.value : []) {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || exists(`${proc}/${owner}`)) continue;
    const directory = `${parent}/${name}`;
    const pids = readIds(`${directory}/cgroup.procs`);
    for (const pid of typeof pids === 'number' ? [] : pids) endSleeper(pid, proc);
    try {
      rmdirSync(directory);
    } catch {
      // Its last task is dying: the next start removes it.
    }
  }
}

function endSleeper(pid: number, proc: string): void {
  const comm = readText(`${proc}/${pid}/comm`);
  if (!comm.ok || (comm.value !== 'sleep\n' && comm.value !== 'sh\n')) return;
  try {
    kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended meanwhile.
  }
}
