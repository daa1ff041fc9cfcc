/** Looks for tasks that somebody traces. It reads only `status`: any other file of a stopped task may block. */
import type { Clock } from '../../kube/clock.js';
import { readBytes, readText, saysGone } from '../cgroup/files.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { parseStatus, tracerPidOf, type ProcStatus } from '../pure/proc-status.js';
import { subtreeTasks } from '../resolve/tasks.js';

export interface TracedTask {
  readonly tid: number;
  readonly comm: string;
  /** The process of the thread that traces the task. */
  readonly tracerPid: number;
}

export interface TracedLook {
  readonly traced: readonly TracedTask[];
  /** Why some of the tasks could not be looked at. */
  readonly unseen: readonly string[];
}

/**
 * Number of tasks between two pauses. A status takes about 20 µs, and the watchdog of the captures that run meanwhile needs
 * this thread every few milliseconds.
 */
const TASKS_AT_ONCE = 200;

/** Finds the traced tasks in these cgroups and below them. A task or cgroup that ends meanwhile is not traced any more. */
export async function tracedTasks(
  proc: string,
  targets: readonly ContainerTarget[],
  clock: Pick<Clock, 'sleep'>,
): Promise<TracedLook> {
  const lists = targets.map(({ directory, cgroupVersion }) => subtreeTasks(directory, cgroupVersion));
  const unseen = lists.flatMap((list) => (list.ok || list.gone ? [] : [list.message]));
  const tids = new Set(lists.flatMap((list) => (list.ok ? [...list.value] : [])));
  const traced: TracedTask[] = [];
  let looked = 0;
  for (const tid of tids) {
    looked += 1;
    if (looked % TASKS_AT_ONCE === 0) await clock.sleep(0);
    const look = lookAt(proc, tid);
    if (typeof look === 'string') unseen.push(look);
    else if (look !== undefined) traced.push(look);
  }
  return { traced, unseen };
}

/** Returns undefined for a task that nobody traces or that has ended, and a text when that cannot be seen. */
function lookAt(proc: string, tid: number): TracedTask | string | undefined {
  const bytes = readBytes(`${proc}/${tid}/status`);
  if (!bytes.ok) return saysGone(bytes) ? undefined : `cannot read the status of task ${tid}: ${bytes.code}`;
  // This check on the raw bytes settles all but a few tasks without decoding the text.
  const tracer = tracerPidOf(bytes.value, bytes.value.length);
  if (tracer === 0) return undefined;
  const status = parseStatus(new TextDecoder().decode(bytes.value));
  if (tracer < 0 || !status.ok) return `the status of task ${tid} does not say who traces it`;
  return { tid, comm: status.value.comm, tracerPid: statusOf(proc, tracer)?.tgid ?? tracer };
}

function statusOf(proc: string, tid: number): ProcStatus | undefined {
  const text = readText(`${proc}/${tid}/status`);
  const status = text.ok ? parseStatus(text.value) : undefined;
  return status?.ok === true ? status.value : undefined;
}
