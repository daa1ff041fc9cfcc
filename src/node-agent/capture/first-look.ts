/**
 * Looks at each task before the freeze, while the pod runs.
 *
 * The look tells the capture who leads each thread, which tasks a freezer must not touch (a core dump) or cannot hold (a kernel
 * thread), and which status files take milliseconds to read. Values that a thread changes only while it runs (name, credentials)
 * are compared with a look after the release, and cost nothing in the pause.
 */
import { EMFILE, ENFILE } from '../../native/errno.js';
import type { KernelFiles } from '../../native/kernel.js';
import { digestStatus } from '../pure/status-digest.js';
import { dropGroups } from '../pure/without-groups.js';
import type { FirstLook } from './raw-capture.js';
import type { Session } from './session.js';

/**
 * Size in bytes from which a status file is costly: 16 kB take 0.4 ms to read. 1.4 kB is usual, 722 kB possible (65,536 groups,
 * 18 ms). Measured on Linux 6.18.
 */
const COSTLY_BYTES = 16 << 10;
const FIRST_BUFFER_BYTES = 2 * COSTLY_BYTES;
/**
 * Number of thread-group leaders whose status is read in the pause, through descriptors that are open before: a pread takes 9 µs, and
 * open, read and close take 16 µs (Linux 6.18). A pod of more processes would be held mainly for these reads. Its other leaders are
 * reported by the looks before and after the pause, like threads. Each open file takes 5 kB of the kernel's memory once it is read.
 */
const MAX_OPEN_STATUS = 1_024;
/** Descriptors that are left to the rest of the process: a capture opens three per cgroup, of at most 64 cgroups. */
const RESERVED_FILES = 256;
/** /proc/PID/limits has 16 lines of 80 bytes (proc_pid_limits(5)). */
const LIMITS_BYTES = 4_096;

/**
 * Looks at a task, unless that was done already. Keeps the status file of a thread-group leader open. Returns undefined when the
 * task is gone.
 */
export function takeFirstLook(session: Session, tid: number): FirstLook | undefined {
  const known = session.firstLooks.get(tid);
  if (known !== undefined) return known;
  const { files } = session.kernel;
  const path = `${session.request.proc}/${tid}/status`;
  session.statusFilesLimit ??= statusFilesLimit(session);
  let fd = files.open(path, 'read');
  if (fd === -EMFILE || fd === -ENFILE) {
    // No descriptor is left: the kept ones are closed, no more are kept, and the pause reads by path.
    for (const kept of takeStatusFiles(session)) files.close(kept);
    session.statusFilesLimit = 0;
    fd = files.open(path, 'read');
  }
  if (fd < 0) return undefined;
  let keep = false;
  try {
    const bytes = readWholeStatus(session, files, fd);
    const digest = typeof bytes === 'number' ? undefined : digestStatus(bytes);
    if (digest === undefined || typeof bytes === 'number') return undefined;
    const isCostly = bytes.length > COSTLY_BYTES;
    const isLeader = digest.tgid === tid;
    const isPassedOver = isLeader && (isCostly || session.statusFiles.size >= session.statusFilesLimit);
    const look = { ...digest, credentials: intern(session, digest.credentials), isCostly, isPassedOver };
    session.firstLooks.set(tid, look);
    if (isPassedOver) keepStatus(session, tid, bytes);
    keep = isLeader && !isPassedOver;
    if (keep) session.statusFiles.set(tid, fd);
    return look;
  } finally {
    if (!keep) files.close(fd);
  }
}

/** RLIMIT_NOFILE of this process, less a reserve, but no more than {@link MAX_OPEN_STATUS}. */
function statusFilesLimit(session: Session): number {
  const text = new Uint8Array(LIMITS_BYTES);
  const length = session.kernel.files.readInto(`${session.request.proc}/self/limits`, text);
  const limits = new TextDecoder().decode(text.subarray(0, Math.max(0, length)));
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? MAX_OPEN_STATUS : Math.max(0, Math.min(MAX_OPEN_STATUS, Number(soft) - RESERVED_FILES));
}

/** Returns the descriptors that were kept for the pause. The caller must close them. */
export function takeStatusFiles(session: Session): readonly number[] {
  const fds = [...session.statusFiles.values()];
  session.statusFiles.clear();
  return fds;
}

/**
 * One pread returns the whole file when there is room: the kernel makes the whole text before it hands any of it out (seq_file,
 * single_open).
 */
function readWholeStatus(session: Session, files: KernelFiles, fd: number): Uint8Array | number {
  session.scratch ??= new Uint8Array(FIRST_BUFFER_BYTES);
  for (;;) {
    const length = files.pread(fd, session.scratch, 0);
    if (length < 0) return length;
    if (length < session.scratch.length) return session.scratch.subarray(0, length);
    session.scratch = new Uint8Array(4 * session.scratch.length);
  }
}

/** Keeps the status of a leader as it was before the pause, because a costly status is not read in the pause. */
function keepStatus(session: Session, pid: number, bytes: Uint8Array): void {
  const kept = bytes.slice();
  const length = dropGroups(kept, kept.length);
  session.arena.add('first', 'status', pid, (into) => {
    into.set(kept.subarray(0, Math.min(length, into.length)));
    return Math.min(length, into.length);
  });
}

/** Threads of a process usually have the same credentials: one text serves all of them. */
function intern(session: Session, text: string): string {
  const known = session.credentials.get(text);
  if (known !== undefined) return known;
  session.credentials.set(text, text);
  return text;
}
