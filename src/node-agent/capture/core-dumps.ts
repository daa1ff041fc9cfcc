/**
 * Processes that write a core file. Such a process is neither frozen nor seized. v1's freezer makes the kernel give up the file, and any
 * wakeup by a signal or an interrupt makes it give up a file that goes to a pipe (dump_interrupted() and pipe_write(), fs/coredump.c,
 * fs/pipe.c).
 */
import type { Failure } from '../pure/failure.js';
import type { Session } from './session.js';
import { describeTask } from './task-facts.js';

/** The line of /proc/PID/status (Linux 4.15). A name cannot forge it, because the kernel prints a newline in a name as `\n`. */
const DUMPING = Buffer.from('\nCoreDumping:\t1\n');
const STATUS_BYTES = 4_096;

/** Notes that the process `tgid`, of which `tid` is a task, is to be left alone. */
export function leaveAlone(session: Session, tid: number, tgid: number): void {
  session.dumping.add(tgid);
  const target = session.members.get(tid);
  if (target?.way === 'freezer') target.way = 'interrupts';
  const row = describeTask(session, tid);
  if (row !== undefined) session.unfrozen.set(tid, { ...row, cause: 'CoreDump' });
}

/**
 * Looks for dumps that have begun since the first look, which may be seconds ago: a tenant can make its own status files take 20 ms each.
 * These costly files come first, so that only milliseconds are left between the look at any other process and the freeze.
 */
export function lookForCoreDumps(session: Session): Failure | undefined {
  const leaders = [...session.firstLooks].filter(([tid, look]) => look.tgid === tid && !session.dumping.has(tid));
  const costlyFirst = leaders.toSorted(([, one], [, other]) => Number(other.isCostly) - Number(one.isCostly));
  for (const [pid] of costlyFirst) {
    if (isDumping(session, pid)) leaveAlone(session, pid, pid);
    const interrupted = session.interruption();
    if (interrupted !== undefined) return interrupted;
  }
  for (const [tid, { tgid }] of session.firstLooks)
    if (tid !== tgid && session.dumping.has(tgid) && !session.unfrozen.has(tid)) leaveAlone(session, tid, tgid);
  return undefined;
}

function isDumping(session: Session, pid: number): boolean {
  const { files } = session.kernel;
  session.scratch ??= new Uint8Array(STATUS_BYTES);
  const fd = session.statusFiles.get(pid);
  const length =
    fd === undefined
      ? files.readInto(`${session.request.proc}/${pid}/status`, session.scratch)
      : files.pread(fd, session.scratch, 0);
  return length > 0 && Buffer.from(session.scratch.buffer, 0, length).includes(DUMPING);
}
