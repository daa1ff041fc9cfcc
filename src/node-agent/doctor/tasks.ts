/**
 * The tasks of audited cgroups: which tasks they contain, and which are traced by whom. Only `status` and `stat` of a
 * task are read, because reading any other file of a stopped task may block.
 */
import type { NamedTask, TracedTask } from '../pure/doctor-facts.js';
import { parseStat } from '../pure/proc-stat.js';
import { parseStatus, tracerPidOf, type ProcStatus } from '../pure/proc-status.js';
import { readBytes, readIds, readText } from '../cgroup/files.js';
import { TASK_FILE } from '../cgroup/list-tasks.js';
import type { WalkedCgroup } from './walk.js';

/** Most processes of a frozen cgroup that are named. */
const NAMED = 5;

/** Names the first processes among these tasks. */
export function namesOf(proc: string, tids: Iterable<number>): NamedTask[] {
  const named = new Map<number, NamedTask>();
  for (const tid of tids) {
    if (named.size === NAMED) break;
    const status = statusOf(proc, tid);
    if (status !== undefined && !named.has(status.tgid)) {
      named.set(status.tgid, { pid: status.tgid, comm: statusOf(proc, status.tgid)?.comm ?? status.comm });
    }
  }
  return [...named.values()];
}

/** A traced task, and its number of context switches (voluntary and involuntary). */
export interface TracedLook {
  readonly task: TracedTask;
  readonly switches: string;
}

/** Finds every traced task of these cgroups, once each. 10,000 tasks take a fifth of a second. */
export function tracedTasks(proc: string, cgroups: readonly WalkedCgroup[]): TracedLook[] {
  const seen = new Set<number>();
  const traced: TracedLook[] = [];
  for (const { directory, version } of cgroups) {
    const tids = readIds(`${directory}/${TASK_FILE[version]}`);
    for (const tid of typeof tids === 'number' ? [] : tids) {
      if (tid === 0 || seen.has(tid)) continue;
      seen.add(tid);
      const look = lookAtTask(proc, tid, directory);
      if (look !== undefined) traced.push(look);
    }
  }
  return traced;
}

/**
 * Returns the tasks that the same thread still traces at a second look. A task counts as stopped only if it did not run
 * in between: a task that is followed by a system call tracer is in a ptrace stop for an instant at each of its calls.
 */
export function stillTraced(proc: string, before: readonly TracedLook[]): TracedTask[] {
  return before.flatMap(({ task, switches }) => {
    const now = lookAtTask(proc, task.tid, task.cgroup);
    if (now?.task.tracer.tid !== task.tracer.tid) return [];
    return [{ ...now.task, stopped: now.task.stopped && task.stopped && now.switches === switches }];
  });
}

function lookAtTask(proc: string, tid: number, cgroup: string): TracedLook | undefined {
  const bytes = readBytes(`${proc}/${tid}/status`);
  // This check on the raw bytes settles all but a few tasks without decoding the text.
  if (!bytes.ok || tracerPidOf(bytes.value, bytes.value.length) <= 0) return undefined;
  const text = new TextDecoder().decode(bytes.value);
  const status = parseStatus(text);
  if (!status.ok) return undefined;
  const { tgid, comm, state, tracerPid } = status.value;
  const tracer = statusOf(proc, tracerPid);
  const pid = tracer?.tgid ?? tracerPid;
  const by = { tid: tracerPid, pid, comm: tracer?.comm ?? '', startTicks: startTicksOf(proc, pid) };
  return {
    task: { tid, pid: tgid, comm, stopped: state === 't', cgroup, tracer: by },
    switches: [...text.matchAll(/^(?:non)?voluntary_ctxt_switches:\t(\d+)$/gm)].map(([, count]) => count).join(' '),
  };
}

function statusOf(proc: string, tid: number): ProcStatus | undefined {
  const text = readText(`${proc}/${tid}/status`);
  const status = text.ok ? parseStatus(text.value) : undefined;
  return status?.ok === true ? status.value : undefined;
}

function startTicksOf(proc: string, pid: number): number {
  const text = readText(`${proc}/${pid}/stat`);
  const stat = text.ok ? parseStat(text.value) : undefined;
  return stat?.ok === true ? stat.value.startTimeTicks : -1;
}
