/** `--pid PID`: the cgroup that a process is in. */
import { pathBelowMount, type HierarchyMount } from '../pure/cgroup-mounts.js';
import { describeParseError, printable } from '../pure/parse-error.js';
import { freezerPath, parseProcCgroup, unifiedEntry, type ProcCgroup } from '../pure/proc-cgroup.js';
import { parseStat, PF_KTHREAD, type ProcStat } from '../pure/proc-stat.js';
import { capturableTasks, directoryOf, replacesV1, targetOf, type Candidate } from './candidate.js';
import { saysGone, kindOf, listDirectories, readNames, readText } from '../cgroup/files.js';
import { readHierarchies, type Hierarchies } from './hierarchies.js';
import { refuse, shown, type Found, type Resolution, type ResolveRoots, type TargetRequest } from './request.js';
import type { CgroupVersion } from '../pure/container-target.js';

/** Ids are C ints. A larger number would name another file of /proc, or none. */
const MAX_PID = 0x7fffffff;

/** Resolves to the process's own cgroup with all cgroups below it, on v2 if its v2 cgroup can replace its v1 freezer cgroup. */
export function resolvePid(pid: number, freezer: TargetRequest['freezer'], roots: ResolveRoots): Resolution {
  if (!Number.isInteger(pid) || pid < 1 || pid > MAX_PID) return refuse(`${pid} is not a process id`);
  const task = liveTask(pid, roots.proc);
  if (!task.ok) return task;
  const cgroups = readCgroups(pid, task.value, roots.proc);
  if (!cgroups.ok) return cgroups;
  const hierarchies = readHierarchies(roots);
  if (!hierarchies.ok) return hierarchies;
  const candidate = choose(pid, cgroups.value, hierarchies.value);
  if (!candidate.ok) return candidate;
  const tasks = capturableTasks(candidate.value, roots);
  if (!tasks.ok) return tasks;
  if (!tasks.value.has(task.value)) {
    return refuse(`process ${pid} is not, or no longer, in cgroup ${shown(directoryOf(candidate.value))}`);
  }
  return { ok: true, containers: [targetOf(candidate.value, freezer)] };
}

/** A tid of the process that has not exited: the leader, or another thread when the leader is dead. */
function liveTask(pid: number, proc: string): Found<number> {
  const leader = readStat(pid, `${proc}/${pid}/stat`);
  if (!leader.ok) return leader;
  const name = `process ${pid} (${printable(leader.value.comm)})`;
  if ((leader.value.flags & PF_KTHREAD) !== 0) {
    return refuse(`${name} is a kernel thread, which can be neither frozen nor traced`);
  }
  if (isAlive(leader.value)) return { ok: true, value: pid };
  const threads = listDirectories(`${proc}/${pid}/task`);
  for (const tid of threads.ok ? threads.value : []) {
    const thread = readStat(pid, `${proc}/${pid}/task/${tid}/stat`);
    if (thread.ok && isAlive(thread.value)) return { ok: true, value: thread.value.pid };
  }
  return refuse(`${name} is a zombie: it has exited and only waits for its parent`);
}

function isAlive(stat: ProcStat): boolean {
  return stat.state !== 'Z' && stat.state !== 'X' && stat.state !== 'x';
}

function readStat(pid: number, path: string): Found<ProcStat> {
  const text = readText(path);
  if (!text.ok) return refuse(saysGone(text) ? `no process ${pid}` : `cannot read ${shown(path)}: ${text.code}`);
  const stat = parseStat(text.value);
  return stat.ok ? stat : refuse(`process ${pid}: ${describeParseError(stat.error)}`);
}

/** Reads the cgroups of the live task, because v1 shows an exiting task, such as a dead leader, in `/`. */
function readCgroups(pid: number, tid: number, proc: string): Found<readonly ProcCgroup[]> {
  const path = tid === pid ? `${proc}/${pid}/cgroup` : `${proc}/${pid}/task/${tid}/cgroup`;
  const text = readNames(path);
  if (!text.ok) return refuse(saysGone(text) ? `no process ${pid}` : `cannot read ${shown(path)}: ${text.code}`);
  const cgroups = parseProcCgroup(text.value);
  return cgroups.ok ? cgroups : refuse(`process ${pid}: ${describeParseError(cgroups.error)}`);
}

function choose(pid: number, cgroups: readonly ProcCgroup[], hierarchies: Hierarchies): Found<Candidate> {
  const v2 = place(hierarchies.unified, unifiedEntry(cgroups)?.path, 'v2');
  const v1 = place(hierarchies.freezerV1, freezerPath(cgroups), 'v1');
  if (v2.candidate !== undefined) {
    if (v1.candidate === undefined) return { ok: true, value: v2.candidate };
    if (replacesV1(v2.candidate, v1.candidate)) return { ok: true, value: v2.candidate };
  }
  if (v1.candidate !== undefined) return { ok: true, value: v1.candidate };
  return refuse(`process ${pid} is in no cgroup that can be captured: v2: ${v2.why}; v1 freezer: ${v1.why}`);
}

/** The place of a process in one hierarchy, or the reason why that place is no target. */
interface Place {
  readonly candidate?: Candidate;
  readonly why: string;
}

function place(mount: HierarchyMount | undefined, path: string | undefined, version: CgroupVersion): Place {
  if (mount === undefined || path === undefined) return { why: 'not mounted' };
  const cgroupPath = pathBelowMount(mount, path);
  if (cgroupPath === undefined)
    return { why: `${shown(path)} is not below the mount point ${shown(mount.mountPoint)}` };
  if (cgroupPath === '') return { why: `the root cgroup ${shown(mount.mountPoint)}` };
  const candidate = { mountPoint: mount.mountPoint, cgroupPath, version };
  const kind = kindOf(directoryOf(candidate));
  if (kind.ok && kind.value === 'directory') return { candidate, why: '' };
  return { why: `${shown(directoryOf(candidate))} does not exist` };
}
