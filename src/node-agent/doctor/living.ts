/** Tells whether the process that a journal names is alive. */
import { parseStat } from '../pure/proc-stat.js';
import { parseStatus } from '../pure/proc-status.js';
import { listDirectories, readText } from '../cgroup/files.js';

/** `startTicks` is the start time of the process (field 22 of /proc/PID/stat). */
export type IsAlive = (pid: number, startTicks: number) => boolean;

/**
 * Looks once at all processes. A PID in a journal belongs to the PID namespace of its guard, and may differ from the
 * PID here. A process is therefore found by its start time, and recognised by its PID in any of its namespaces. So a
 * living process is found even where this process sees more namespaces than the guard did. A process counts as dead
 * when none of its threads can run any more; a zombie is dead, because it writes to no freezer.
 */
export function lookAtProcesses(proc: string): IsAlive {
  const byStart = new Map<number, string[]>();
  const listed = listDirectories(proc);
  for (const name of listed.ok ? listed.value : []) {
    if (!/^\d+$/.test(name)) continue;
    const text = readText(`${proc}/${name}/stat`);
    const stat = text.ok ? parseStat(text.value) : undefined;
    if (stat?.ok !== true) continue;
    const { startTimeTicks } = stat.value;
    byStart.set(startTimeTicks, [...(byStart.get(startTimeTicks) ?? []), name]);
  }
  return (pid, startTicks) =>
    (byStart.get(startTicks) ?? []).some((name) => goesBy(proc, name, pid) && hasLivingThread(proc, name));
}

function goesBy(proc: string, name: string, pid: number): boolean {
  const text = readText(`${proc}/${name}/status`);
  const status = text.ok ? parseStatus(text.value) : undefined;
  return status?.ok === true && status.value.nsPids.includes(pid);
}

/** When the leader of a process has exited, other threads may live on. */
function hasLivingThread(proc: string, name: string): boolean {
  const tids = listDirectories(`${proc}/${name}/task`);
  return (tids.ok ? tids.value : []).some((tid) => {
    const text = readText(`${proc}/${name}/task/${tid}/stat`);
    const stat = text.ok ? parseStat(text.value) : undefined;
    // Z is a zombie, X a dead thread. A file that cannot be parsed counts as a living thread.
    return stat === undefined ? false : !stat.ok || !['Z', 'X'].includes(stat.value.state);
  });
}
