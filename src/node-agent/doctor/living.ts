/** Whether the process that a journal names is alive. */
import { parseStat } from '../pure/proc-stat.js';
import { parseStatus } from '../pure/proc-status.js';
import { listDirectories, readText } from '../cgroup/files.js';

/** Answers for a pid and the start of its process (field 22 of /proc/PID/stat). */
export type IsAlive = (pid: number, startTicks: number) => boolean;

/**
 * One look at all processes. A pid of a journal is one of its guard's PID namespace, and need not be one of ours: a process is found
 * by its start, and recognised by its pid in any of its namespaces. So a living one is not taken for dead where we see more than the
 * guard does. Dead is who has no thread left that could run: a zombie is (it writes to no freezer any more).
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

/** Of a process whose leader has exited the others may live on. */
function hasLivingThread(proc: string, name: string): boolean {
  const tids = listDirectories(`${proc}/${name}/task`);
  return (tids.ok ? tids.value : []).some((tid) => {
    const text = readText(`${proc}/${name}/task/${tid}/stat`);
    const stat = text.ok ? parseStat(text.value) : undefined;
    // Z: zombie; X: dead. What cannot be parsed is taken for alive.
    return stat === undefined ? false : !stat.ok || !['Z', 'X'].includes(stat.value.state);
  });
}
