/**
 * Reads /proc of the tasks as raw bytes, which are parsed when the tasks run again.
 *
 * Little is read in the pause. Where a freezer held the tasks, only the status of each thread-group leader is read, through a
 * descriptor that was opened before. The looks at threads, links and zombies before the freeze and after the release tell the
 * rest ({@link ../first-look.ts}, {@link ../bracket.ts}, {@link ../zombies.ts}). A task that came after the first look is read
 * whole.
 *
 * Only files are read here that sleep neither on mmap_lock nor on a file system of the pod: a task may hold its mmap_lock, and
 * its executable may be on a server that does not answer. These files are status, stat, wchan, and the text of the link exe.
 * test/kernel/window.test.ts watches the system calls of a capture for this.
 */
import { EOPNOTSUPP } from '../../../native/errno.js';
import { listTasks } from '../../cgroup/list-tasks.js';
import { failure, type Failure } from '../../pure/failure.js';
import { stateOf, tgidOf, tracerPidOf } from '../../pure/proc-status.js';
import { dropGroups } from '../../pure/without-groups.js';
import { readStat } from '../bracket.js';
import { faultPoint } from '../fault-points.js';
import { MAX_ARENA_BYTES, NAMESPACES, type RawFile } from '../raw-arena.js';
import type { Session, Task } from '../session.js';
import { unlisted } from '../target-tasks.js';
import { seizeRunning } from './seize-running.js';
import { stillFrozen } from './still-frozen.js';
import { lookAgainAtHeld } from './stop.js';

const TRACING_STOP = 't'.charCodeAt(0);
const UNINTERRUPTIBLE = 'D'.charCodeAt(0);
/** Number of reads between two looks at the clock and the orders, unless a read took long. */
const CLOCK_EVERY = 32;
/** After a read that took longer than this, the clock is looked at: a status file may take 20 ms (65,536 groups). */
const LONG_READ_MICROSECONDS = 1_000;

/** One thread of each process that was met: the leader, where the leader was met. */
export type Processes = Map<number, Task>;

/**
 * Reads what only the pause can tell. Where no freezer held the tasks, also proves that each task is ours and stopped, and seizes
 * a task that is not.
 */
export function collect(session: Session): Failure | undefined {
  const read = new Set<number>();
  const processes: Processes = new Map();
  const unread = forgetReusedTids(session);
  if (unread !== undefined) return unread;
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
  lookAgainAtHeld(session);
  forgetDead(session);
  session.collectedAt = session.kernel.now();
  for (const target of session.targets) {
    const changed = stillFrozen(session, target);
    if (changed !== undefined) return changed;
  }
  return noRoom(session) ?? session.interruption();
}

/**
 * A thread may have died since the first look, and its tid may be that of a new process. Such a process is not told by the looks at the
 * thread: it is read whole, like everything that came after the first look.
 */
function forgetReusedTids(session: Session): Failure | undefined {
  for (const target of session.targets) {
    if (target.way === 'interrupts' || target.way === 'readOnly') continue;
    const threads = [...session.tasks.values()].filter(
      ({ target: own, tid }) => own === target && isThread(session, tid),
    );
    if (threads.length === 0) continue;
    const { files } = session.kernel;
    const isOver = (): boolean => session.interruption() !== undefined;
    const cgroups = listTasks(files, target.container.directory, 'cgroup.procs', session.listBuffer, isOver);
    if (cgroups === -EOPNOTSUPP) for (const { tid } of threads) forgetStranger(session, tid);
    else if (typeof cgroups === 'number') return unlisted(session, target, cgroups);
    else
      for (const { tids } of cgroups)
        for (const pid of tids) if (isThread(session, pid)) session.firstLooks.delete(pid);
  }
  return undefined;
}

/** Whether the first look saw a thread that is not the leader of its process. */
function isThread(session: Session, tid: number): boolean {
  const first = session.firstLooks.get(tid);
  return first !== undefined && first.tgid !== tid;
}

/** A threaded cgroup does not list processes. There each thread is looked for in the process that it belonged to. */
function forgetStranger(session: Session, tid: number): void {
  const path = `${session.request.proc}/${session.firstLooks.get(tid)?.tgid}/task/${tid}/comm`;
  if (session.kernel.files.readInto(path, new Uint8Array(1)) < 0) session.firstLooks.delete(tid);
}

/**
 * Forgets the tasks that were dying when they were seized, and have been reaped since. What is left of such a task may be a zombie,
 * which the look for zombies finds only when it is not taken for a task.
 */
function forgetDead({ tasks }: Session): void {
  for (const { tid, tracee } of tasks.values()) if (tracee?.state === 'gone') tasks.delete(tid);
}

/** Reads the tasks that were not read yet. */
export function readTasks(session: Session, read: Set<number>, processes: Processes): Failure | undefined {
  let since = session.kernel.now();
  for (const task of session.tasks.values()) {
    if (read.has(task.tid) || task.tracee?.state === 'gone') continue;
    read.add(task.tid);
    readTask(session, task, processes);
    faultPoint(session.context, 'in-collect');
    const now = session.kernel.now();
    const look = read.size % CLOCK_EVERY === 0 || now - since > LONG_READ_MICROSECONDS;
    since = now;
    const interrupted = look ? session.interruption() : undefined;
    if (interrupted !== undefined) return interrupted;
  }
  return undefined;
}

/** Reads the status of each thread that was not read in the pause. */
export function readThreads(session: Session, isOver: () => boolean): void {
  for (const { tid, target, tracee } of session.tasks.values()) {
    if (isOver()) return;
    const first = session.firstLooks.get(tid);
    const wasPassedOver =
      first !== undefined && (first.tgid !== tid || first.isPassedOver) && target.way !== 'interrupts';
    if (wasPassedOver && tracee?.state === 'stopped') readFile(session, 'status', tid, dropGroups);
  }
}

function readTask(session: Session, task: Task, processes: Processes): void {
  const { tid, tracee } = task;
  const first = session.firstLooks.get(tid);
  const isFrozenOrOurs = task.target.way !== 'interrupts' && tracee !== undefined;
  if (first !== undefined && isFrozenOrOurs) {
    noteProcess(processes, first.tgid, task);
    if (first.tgid !== tid || first.isPassedOver || readOpenStatus(session, tid) >= 0) return;
  }
  // The stop proves that the task is ours. Its status takes milliseconds, and the looks before and after tell it.
  if (first?.isCostly === true && tracee?.state === 'stopped') {
    task.tracee = tracee.look();
    if (task.tracee === tracee) return noteProcess(processes, first.tgid, task);
  }
  const status = readFile(session, 'status', tid, dropGroups);
  if (typeof status === 'number') return;
  if (tracee === undefined) readFile(session, 'wchan', tid);
  noteProcess(processes, tgidOf(status, status.length), task);
  if (task.target.way === 'interrupts' && tracee?.state === 'stopped' && !isHeld(session, status)) {
    // An execve has put another task under this tid, or the task is dying. If our tracee still exists, the release detaches it.
    const now = tracee.look();
    if (now.state !== 'gone') session.strays.push(now);
    session.tasks.delete(tid);
  }
}

/**
 * Reads the status through the descriptor of the first look. The read fails with ESRCH when that task is dead, whoever has its
 * tid now.
 */
function readOpenStatus(session: Session, pid: number): number {
  const fd = session.statusFiles.get(pid);
  if (fd === undefined) return -1;
  const read = (into: Uint8Array): number => session.kernel.files.pread(fd, into, 0);
  const status = session.arena.add('held', 'status', pid, read, dropGroups);
  return typeof status === 'number' ? status : status.length;
}

function noteProcess(processes: Processes, tgid: number, task: Task): void {
  if (tgid > 0 && (tgid === task.tid || !processes.has(tgid))) processes.set(tgid, task);
}

/** Whether the task is stopped and ours. On v1 a task in its ptrace stop shows state D when somebody freezes its cgroup. */
function isHeld(session: Session, status: Uint8Array): boolean {
  const state = stateOf(status, status.length);
  const stopped = state === TRACING_STOP || state === UNINTERRUPTIBLE;
  return stopped && tracerPidOf(status, status.length) === session.kernel.tid;
}

/**
 * Forgets the tasks that were read and turned out not to be held, and returns whether there were any. The list is then gone
 * through again, because these tasks may have left successors.
 */
function forgetEscaped(session: Session, read: Set<number>): boolean {
  let escaped = false;
  for (const tid of read) {
    if (session.tasks.has(tid)) continue;
    read.delete(tid);
    escaped = true;
  }
  return escaped;
}

/** Reads the facts of each process. A leader that has exited is in no list, and any thread of its process still leads to the links. */
export function readProcesses(session: Session, processes: Processes): void {
  for (const [tgid, task] of processes) {
    if (task.tid !== tgid) readFile(session, 'status', tgid, dropGroups);
    session.processes.set(tgid, task.tid);
    if (session.firstLooks.has(tgid)) continue;
    // A process that came after the first look may be gone after the release.
    const { files } = session.kernel;
    const { proc } = session.request;
    session.arena.add('held', 'exe', tgid, (into) => files.readlinkInto(`${proc}/${task.tid}/exe`, into));
    readStat(files, proc, session.arena, 'held', tgid);
  }
}

/**
 * Reads the namespace links of those processes that came after the first look, because such a process may be gone after the release.
 * Only a hold has the time for that; see bracket.ts.
 */
export function readNewcomersLinks(session: Session, pids: Iterable<number>, isOver: () => boolean): void {
  const { files } = session.kernel;
  for (const tgid of pids) {
    const tid = session.processes.get(tgid);
    if (tid === undefined || session.firstLooks.has(tgid)) continue;
    if (isOver()) return;
    for (const name of NAMESPACES)
      session.arena.add('held', `ns/${name}`, tgid, (into) =>
        files.readlinkInto(`${session.request.proc}/${tid}/ns/${name}`, into),
      );
  }
}

/** Fails when the files did not fit into the arena: the report would lack processes, and that is a failure, not a shorter report. */
export function noRoom(session: Session): Failure | undefined {
  if (!session.arena.isFull) return undefined;
  return failure('HostUnfit', `the files of ${session.tasks.size} tasks do not fit into ${MAX_ARENA_BYTES >> 20} MiB`);
}

function readFile(
  session: Session,
  file: RawFile,
  id: number,
  shrink?: (bytes: Uint8Array, length: number) => number,
): Uint8Array | number {
  const path = `${session.request.proc}/${id}/${file}`;
  return session.arena.add('held', file, id, (into) => session.kernel.files.readInto(path, into), shrink);
}
