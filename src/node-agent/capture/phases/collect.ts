/**
 * Reading /proc of every task, as raw bytes: they are parsed when the tasks run again.
 *
 * Only files that neither sleep on mmap_lock nor on a file system of the pod are named here (status, children, the text of
 * the link exe): a task may hold its mmap_lock, and its executable may lie on a server that does not answer. test/kernel/
 * window.test.ts watches the system calls of a capture for it.
 */
import type { Failure } from '../../pure/failure.js';
import { faultPoint } from '../fault-points.js';
import { stateOf, tgidOf, tracerPidOf } from '../../pure/proc-status.js';
import { parseTaskList } from '../../pure/task-list.js';
import { RAW_BEFORE, RAW_CANDIDATE, RAW_EXE, RAW_STATUS, RAW_WCHAN } from '../raw-arena.js';
import type { Session, Task } from '../session.js';
import { seizeRunning } from './seize-running.js';
import { stillFrozen } from './still-frozen.js';
import { lookAgainAtHeld } from './stop.js';

const TRACING_STOP = 't'.charCodeAt(0);
const UNINTERRUPTIBLE = 'D'.charCodeAt(0);
const ZOMBIE = 'Z'.charCodeAt(0);
const CLOCK_EVERY = 32;
/** Measured: reading one `children` file, and one name of a listing of /proc. */
const CHILDREN_MICROSECONDS = 8;
const LISTED_MICROSECONDS = 1;
const CHILDREN_BYTES = 64 << 10;

/** Reads everything. Where no freezer held the tasks, also proves of each that it is ours and stopped, or seizes it anew. */
export function collect(session: Session): Failure | undefined {
  const read = new Set<number>();
  const processes = new Map<number, Task>();
  for (;;) {
    const interrupted = readTasks(session, read, processes);
    if (interrupted !== undefined) return interrupted;
    if (!session.targets.some((target) => target.way === 'interrupts')) break;
    const escaped = forgetEscaped(session, read);
    const refusal = escaped ? seizeRunning(session) : undefined;
    if (refusal !== undefined) return refusal;
    if (!escaped) break;
  }
  readProcesses(session, processes);
  readCandidates(session);
  lookAgainAtHeld(session);
  session.collectedAt = session.kernel.now();
  for (const target of session.targets) {
    const changed = stillFrozen(session, target);
    if (changed !== undefined) return changed;
  }
  return session.interruption();
}

/** Reads the status of tasks that were not read yet. */
export function readTasks(session: Session, read: Set<number>, processes: Map<number, Task>): Failure | undefined {
  for (const task of session.tasks.values()) {
    if (read.has(task.tid) || task.tracee?.state === 'gone') continue;
    read.add(task.tid);
    if (read.size % CLOCK_EVERY === 0) {
      const interrupted = session.interruption();
      if (interrupted !== undefined) return interrupted;
    }
    const status = readInto(session, RAW_STATUS, task.tid, `${task.tid}/status`);
    faultPoint(session.context, 'in-collect');
    if (typeof status === 'number') continue;
    if (task.tracee === undefined) readInto(session, RAW_WCHAN, task.tid, `${task.tid}/wchan`);
    const tgid = tgidOf(status, status.length);
    if (tgid > 0 && (tgid === task.tid || !processes.has(tgid))) processes.set(tgid, task);
    if (task.target.way === 'interrupts' && task.tracee?.state === 'stopped' && !isHeld(session, status)) {
      // An execve has put another task under its tid, or it is dying. What is left of our tracee is let go at the release.
      const tracee = task.tracee.look();
      if (tracee.state !== 'gone') session.strays.push(tracee);
      session.tasks.delete(task.tid);
    }
  }
  return undefined;
}

/** On v1 a task in its ptrace stop shows state D when somebody freezes its cgroup. */
function isHeld(session: Session, status: Uint8Array): boolean {
  const state = stateOf(status, status.length);
  const stopped = state === TRACING_STOP || state === UNINTERRUPTIBLE;
  return stopped && tracerPidOf(status, status.length) === session.kernel.tid;
}

/** Whether tasks that were read turned out not to be held: then the list is gone through again, as they may have left successors. */
function forgetEscaped(session: Session, read: Set<number>): boolean {
  let escaped = false;
  for (const tid of read) {
    if (session.tasks.has(tid)) continue;
    read.delete(tid);
    escaped = true;
  }
  return escaped;
}

/** The program each process runs. A leader that has exited has lost the link; any of its threads still leads to it. */
export function readProcesses(session: Session, processes: ReadonlyMap<number, Task>): void {
  for (const [tgid, task] of processes) {
    if (task.tid !== tgid) readInto(session, RAW_STATUS, tgid, `${tgid}/status`);
    readLink(session, RAW_EXE, tgid, `${task.tid}/exe`);
    // A process that was not there before the freeze may be gone after the release.
    if (!session.bracketed.has(tgid)) readInto(session, RAW_BEFORE, tgid, `${tgid}/task/${tgid}/stat`);
    session.processes.set(tgid, task.tid);
  }
}

/**
 * Zombies: they are in /proc and in no cgroup's list. Whose they are is told when they are parsed. Two ways lead to them, and
 * the pod waits, so the cheaper one is taken: the children of each task, or all of /proc less what lived elsewhere before.
 */
function readCandidates(session: Session): void {
  const byChildren = session.tasks.size * CHILDREN_MICROSECONDS < session.strangers.size * LISTED_MICROSECONDS;
  const pids = (byChildren ? childrenOf(session) : undefined) ?? listed(session);
  for (const pid of pids) {
    if (session.strangers.has(pid) || session.tasks.has(pid) || session.processes.has(pid)) continue;
    const status = readInto(session, RAW_CANDIDATE, pid, `${pid}/status`);
    if (typeof status === 'number' || stateOf(status, status.length) !== ZOMBIE) continue;
    readInto(session, RAW_BEFORE, pid, `${pid}/task/${pid}/stat`);
  }
}

/** Undefined on a kernel without CONFIG_PROC_CHILDREN. The file is exact only while the tasks stand still (proc(5)); they do. */
function childrenOf(session: Session): number[] | undefined {
  const children: number[] = [];
  const text = new Uint8Array(CHILDREN_BYTES);
  for (const task of session.tasks.values()) {
    const length = session.kernel.files.readInto(`${session.request.proc}/${task.tid}/task/${task.tid}/children`, text);
    if (length === text.length) return undefined;
    if (length < 0 && task.tracee?.state === 'stopped') return undefined;
    if (length > 0) parseTaskList(text, length, children);
  }
  return children;
}

function listed(session: Session): number[] {
  const names = session.kernel.files.list(session.request.proc);
  return typeof names === 'number' ? [] : names.map(Number).filter(Number.isInteger);
}

function readInto(session: Session, kind: number, id: number, path: string): Uint8Array | number {
  return session.arena.add(kind, id, (into) => session.kernel.files.readInto(`${session.request.proc}/${path}`, into));
}

function readLink(session: Session, kind: number, id: number, path: string): void {
  session.arena.add(kind, id, (into) => session.kernel.files.readlinkInto(`${session.request.proc}/${path}`, into));
}
