/** Looking at tasks in /proc, for tests: plain, slow, and only ever at files that cannot block. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { eventually } from './waiting.js';

/**
 * Where the freezers hold a task (/proc/TID/wchan): v1, and v2. Compilers inline v2's trap into get_signal, where a
 * task in state S sits for no other reason.
 */
const FREEZER_WAITS = ['__refrigerator', 'do_freezer_trap'];
const FREEZER_WAIT_INLINED = 'get_signal';

/** A field of /proc/TID/status, which any thread has by its own tid. Undefined when the task or the field is gone. */
export function statusField(tid: number, field: string): string | undefined {
  const line = readOrEmpty(`/proc/${tid}/status`)
    .split('\n')
    .find((text) => text.startsWith(`${field}:`));
  return line?.slice(field.length + 1).trim();
}

/** The letter of `State:`. Undefined when the task is gone. */
export function stateOf(tid: number): string | undefined {
  return statusField(tid, 'State')?.charAt(0);
}

/** Who traces the task: 0 for nobody. Undefined when the task is gone. */
export function tracerPidOf(tid: number): number | undefined {
  const text = statusField(tid, 'TracerPid');
  return text === undefined ? undefined : Number(text);
}

/** The kernel function the task sleeps in; empty when it runs or is gone. */
export function waitChannelOf(tid: number): string {
  const text = readOrEmpty(`/proc/${tid}/wchan`);
  return text === '0' ? '' : text;
}

/** The task's name. Empty when it is gone. */
export function commOf(tid: number): string {
  return readOrEmpty(`/proc/${tid}/comm`).trimEnd();
}

/** Inode of a namespace (`pid`, `mnt`, …) of the task. Undefined when it is gone. */
export function namespaceOf(tid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${tid}/ns/${name}`);
  } catch {
    return undefined;
  }
}

/** Threads of the process, the leader first while it is listed. Empty when it is gone. */
export function threadsOf(pid: number): number[] {
  return numbersIn(`/proc/${pid}/task`);
}

/** Children of the process, by their PPid. */
export function childrenOf(pid: number): number[] {
  return numbersIn('/proc').filter((child) => statusField(child, 'PPid') === String(pid));
}

/** Children, their children, and so on. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map(numbersIn('/proc').map((child) => [child, Number(statusField(child, 'PPid'))]));
  const found: number[] = [pid];
  for (const parent of found) for (const [child, ppid] of parents) if (ppid === parent) found.push(child);
  return found.slice(1);
}

/**
 * Whether any thread of the process is neither dead nor a zombie: a dead leader may have living threads. One of those
 * takes over the leader's tid by execve(2), and may do so between the list and its turn: so who seems dead is looked at
 * twice.
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

/** Which process has this pid, in ticks since boot: execve(2) keeps it, who has the pid next has another. */
export function startTimeOf(pid: number): string | undefined {
  // Field 22 of proc_pid_stat(5), counted from behind the name, which may hold anything.
  const text = readOrEmpty(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/**
 * What holds the task: a tracer, a ptrace stop, a freezer; undefined for none of them. A task in a job-control stop
 * stays where it is when its v2 cgroup freezes: of such a one only `Cgroup.freezeState()` tells.
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
 * Throws unless, within `boundMs`, no thread of these processes is traced or frozen any more. After a release a task
 * has to be scheduled until it has left the freezer's wait: milliseconds, on a machine that lets it have a CPU.
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
