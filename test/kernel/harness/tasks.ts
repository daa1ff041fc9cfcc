/** Looks at tasks in /proc, for tests. The code is simple and slow, and reads only files that cannot block. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { eventually } from './waiting.js';

/**
 * The kernel functions in which the freezers of v1 and v2 hold a task (/proc/TID/wchan). Compilers inline the function of v2 into
 * get_signal, where a task in state S sleeps for no other reason.
 */
const FREEZER_WAITS = ['__refrigerator', 'do_freezer_trap'];
const FREEZER_WAIT_INLINED = 'get_signal';

/** Returns a field of /proc/TID/status, which any thread has under its tid, or undefined when the task or the field is missing. */
export function statusField(tid: number, field: string): string | undefined {
  const line = readOrEmpty(`/proc/${tid}/status`)
    .split('\n')
    .find((text) => text.startsWith(`${field}:`));
  return line?.slice(field.length + 1).trim();
}

/** Returns the letter of `State:`, or undefined when the task is gone. */
export function stateOf(tid: number): string | undefined {
  return statusField(tid, 'State')?.charAt(0);
}

/** Returns the tracer of the task, 0 when nobody traces it, or undefined when the task is gone. */
export function tracerPidOf(tid: number): number | undefined {
  const text = statusField(tid, 'TracerPid');
  return text === undefined ? undefined : Number(text);
}

/** Returns the kernel function in which the task sleeps; empty when the task runs or is gone. */
export function waitChannelOf(tid: number): string {
  const text = readOrEmpty(`/proc/${tid}/wchan`);
  return text === '0' ? '' : text;
}

/** Returns the name of the task; empty when the task is gone. */
export function commOf(tid: number): string {
  return readOrEmpty(`/proc/${tid}/comm`).trimEnd();
}

/** Returns the inode of a namespace (`pid`, `mnt`, …) of the task, or undefined when the task is gone. */
export function namespaceOf(tid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${tid}/ns/${name}`);
  } catch {
    return undefined;
  }
}

/** Returns the threads of the process, the leader first while it is listed; empty when the process is gone. */
export function threadsOf(pid: number): number[] {
  return numbersIn(`/proc/${pid}/task`);
}

/** Returns the children of the process, found by their PPid. */
export function childrenOf(pid: number): number[] {
  return numbersIn('/proc').filter((child) => statusField(child, 'PPid') === String(pid));
}

/** Returns the children, their children, and so on. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map(numbersIn('/proc').map((child) => [child, Number(statusField(child, 'PPid'))]));
  const found: number[] = [pid];
  for (const parent of found) for (const [child, ppid] of parents) if (ppid === parent) found.push(child);
  return found.slice(1);
}

/**
 * Whether any thread of the process is neither dead nor a zombie. A dead leader may have living threads. By execve(2) such a thread
 * takes over the tid of the leader, possibly between the listing and the look at that thread. So a process that seems dead
 * is looked at twice.
 */
export function isAlive(pid: number): boolean {
  return hasLivingThread(pid) || hasLivingThread(pid);
}

function hasLivingThread(pid: number): boolean {
  return threadsOf(pid).some((tid) => {
    const state = stateOf(tid);
    return state !== undefined && state !== 'Z' && state !== 'X';
  });
}

/** Returns the start time of the process, in ticks since boot. execve(2) keeps the start time; the next process with the pid has another. */
export function startTimeOf(pid: number): string | undefined {
  // Field 22 of proc_pid_stat(5). The count begins after the name, which may hold any character.
  const text = readOrEmpty(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/**
 * Returns what holds the task (a tracer, a ptrace stop, a freezer), or undefined. A task in a job-control stop does not move when
 * its v2 cgroup freezes. For such a task only `Cgroup.freezeState()` tells.
 */
export function holdOn(tid: number): string | undefined {
  const tracer = tracerPidOf(tid) ?? 0;
  if (tracer !== 0) return `task ${tid} is traced by ${tracer}`;
  const state = stateOf(tid);
  if (state === 't') return `task ${tid} is in a ptrace stop`;
  const waits = waitChannelOf(tid);
  const frozen = FREEZER_WAITS.includes(waits) || (waits === FREEZER_WAIT_INLINED && state === 'S');
  return frozen ? `task ${tid} is frozen (${waits})` : undefined;
}

/**
 * Throws unless, within `boundMs`, no thread of these processes is traced or frozen any more. After a release a task must get
 * CPU time to leave the wait of the freezer, which takes milliseconds.
 */
export async function assertUntouched(pids: readonly number[], boundMs = 1000): Promise<void> {
  const holds = (): string[] => pids.flatMap(threadsOf).flatMap((tid) => holdOn(tid) ?? []);
  let last: string[] = [];
  try {
    await eventually('untouched', () => (last = holds()).length === 0, boundMs);
  } catch {
    throw new Error(`after ${boundMs} ms: ${last.slice(0, 10).join(', ')}, ${last.length} in all`);
  }
}

function numbersIn(directory: string): number[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[0-9]+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
