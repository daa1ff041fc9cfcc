/**
 * A C library that changes nothing, for captures that are only practised: its cgroup, its freezer and its tasks do not exist.
 *
 * The files of the pretended cgroup and of the pretended tasks are answered from memory. ptrace(2) and waitid(2) are called for real, so
 * that the path into the kernel is warm as well, but with thread ids that no task can have. The pretended answer replaces the kernel's.
 */
import { ENOENT, ENOSYS } from '../../../native/errno.js';
import type { Libc } from '../../../native/libc.js';
import type { CgroupVersion } from '../../pure/container-target.js';

/** The pretended cgroup is at this path, and the pretended procfs below it. Every path that is not below it is refused. */
export const PRETENDED_CGROUP = '/pretended';
export const PRETENDED_PROC = '/pretended/proc';
/** Linux has no task with this thread id or a higher one (PID_MAX_LIMIT on 64-bit kernels, proc_sys_kernel(5)). */
const FIRST_TID = 4_194_304;
/** Descriptors from here on are pretended: no process has so many open files (RLIMIT_NOFILE is at most 2^30, nr_open). */
const FIRST_FD = 0x4000_0000;
/** The freezer says FREEZING at so many looks before it says FROZEN, so that the loop that waits for it is practised. */
const LOOKS_UNTIL_FROZEN = 2;
/** Every so many-th task is late: the first look after its INTERRUPT finds it running, so that waiting for a stop is practised. */
const LATE_EVERY = 4;

/** ptrace(2): the request that makes a pretended task stop. */
const PTRACE_INTERRUPT = 0x4207;
/** waitid(2), sigaction(2): si_code CLD_TRAPPED; si_status of the stop after PTRACE_INTERRUPT (PTRACE_EVENT_STOP, SIGTRAP). */
const CLD_TRAPPED = 4;
const INTERRUPTED = (128 << 8) | 5;
/** Offsets in siginfo_t where pointers have 64 bits. */
const SI_CODE = 8;
const SI_PID = 16;
const SI_STATUS = 24;
/** statx(2): the offset of stx_nlink. A directory with 2 links has no sub-directory. */
const STX_NLINK = 16;

const encoder = new TextEncoder();
const LINK = encoder.encode('pretended:[4026531840]');
const NOTHING = new Uint8Array(0);
const NEVER = 255;

export interface PretendedTree {
  readonly version: CgroupVersion;
  readonly processes: number;
  readonly threadsPerProcess: number;
  /** The text of a real /proc/PID/status, as a pattern for the status of the pretended tasks. */
  readonly status: string;
}

/** Returns the present content of a pretended file. */
type Content = () => Uint8Array;

/** Makes the library for one pretended tree. `real` makes the calls that cannot reach anything; `sink` is a descriptor of /dev/null. */
export function pretendedLibc(real: Libc, sink: number, tree: PretendedTree): Libc {
  /** How many looks find a task running still; NEVER where no stop was asked for. */
  const looksLeft = new Uint8Array(tree.processes * tree.threadsPerProcess).fill(NEVER);
  const freezer = { isClosed: false, looks: 0 };
  const paths = new Map<string, number>();
  const contents: Content[] = [];
  const add = (path: string, content: Content): void => {
    paths.set(path, FIRST_FD + contents.length);
    contents.push(content);
  };
  addFreezer(add, tree.version, freezer);
  addTasks(add, tree);
  const contentOf = (fd: number): Content | undefined => contents[fd - FIRST_FD];

  // The functions stand in the order of openLibc(), which gives both objects the same hidden class: compiled code then serves both.
  return {
    open: (path) => paths.get(path) ?? -ENOENT,
    close: () => 0,
    read: (fd, into, length) => copy(contentOf(fd), into, length, 0),
    pread: (fd, into, length, offset) => copy(contentOf(fd), into, length, offset),
    write: (_fd, from, length) => {
      freezer.isClosed = isFreeze(from);
      freezer.looks = 0;
      real.write(sink, from, length);
      return length;
    },
    readlink: (path, into) => {
      if (!path.startsWith(PRETENDED_PROC)) return -ENOENT;
      into.set(LINK);
      return LINK.length;
    },
    statx: (_path, into) => {
      into[STX_NLINK] = 2;
      return 0;
    },
    ppoll: () => 0,
    clockNanosleep: () => 0,
    ptrace: (request, tid, address, data) => {
      const index = tid - FIRST_TID;
      if (index < 0) return -ENOSYS;
      real.ptrace(request, tid, address, data);
      looksLeft[index] = request !== PTRACE_INTERRUPT ? NEVER : index % LATE_EVERY === 0 ? 1 : 0;
      return 0;
    },
    ptraceInto: () => -ENOSYS,
    waitid: (idType, id, info, options) => {
      const index = id - FIRST_TID;
      if (index < 0) return -ENOSYS;
      real.waitid(idType, id, info, options);
      const view = new DataView(info.buffer);
      const left = looksLeft[index] ?? NEVER;
      view.setInt32(SI_PID, left === 0 ? id : 0, true);
      if (left > 0 && left < NEVER) looksLeft[index] = left - 1;
      view.setInt32(SI_CODE, CLD_TRAPPED, true);
      view.setInt32(SI_STATUS, INTERRUPTED, true);
      return 0;
    },
    socket: () => -ENOSYS,
    socketpair: () => -ENOSYS,
    connect: () => -ENOSYS,
    send: () => -ENOSYS,
    receive: () => -ENOSYS,
    flock: () => -ENOSYS,
    sigaction: () => -ENOSYS,
  };
}

interface PretendedFreezer {
  isClosed: boolean;
  looks: number;
}

function addFreezer(
  add: (path: string, content: Content) => void,
  version: CgroupVersion,
  freezer: PretendedFreezer,
): void {
  const state = (open: Uint8Array, freezing: Uint8Array, frozen: Uint8Array): Content => {
    return () => (!freezer.isClosed ? open : (freezer.looks += 1) > LOOKS_UNTIL_FROZEN ? frozen : freezing);
  };
  const request = state(encoder.encode('0\n'), encoder.encode('1\n'), encoder.encode('1\n'));
  if (version === 'v1') {
    const [open, freezing, frozen] = ['THAWED\n', 'FREEZING\n', 'FROZEN\n'].map((text) => encoder.encode(text));
    add(`${PRETENDED_CGROUP}/freezer.state`, state(open ?? NOTHING, freezing ?? NOTHING, frozen ?? NOTHING));
    add(`${PRETENDED_CGROUP}/freezer.self_freezing`, request);
    return;
  }
  const open = encoder.encode('populated 1\nfrozen 0\n');
  add(`${PRETENDED_CGROUP}/cgroup.events`, state(open, open, encoder.encode('populated 1\nfrozen 1\n')));
  add(`${PRETENDED_CGROUP}/cgroup.freeze`, request);
}

function addTasks(add: (path: string, content: Content) => void, tree: PretendedTree): void {
  const tids: number[] = [];
  for (let process = 0; process < tree.processes; process++) {
    const pid = FIRST_TID + process * tree.threadsPerProcess;
    for (let thread = 0; thread < tree.threadsPerProcess; thread++) {
      const tid = pid + thread;
      tids.push(tid);
      const status = encoder.encode(statusOf(tree.status, tid, pid));
      add(`${PRETENDED_PROC}/${tid}/status`, () => status);
      add(`${PRETENDED_PROC}/${tid}/task/${tid}/stat`, () => LINK);
      add(`${PRETENDED_PROC}/${tid}/task/${tid}/children`, () => NOTHING);
    }
  }
  const list = encoder.encode(`${tids.join('\n')}\n`);
  const leaders = encoder.encode(`${tids.filter((_, index) => index % tree.threadsPerProcess === 0).join('\n')}\n`);
  add(`${PRETENDED_CGROUP}/${tree.version === 'v1' ? 'tasks' : 'cgroup.threads'}`, () => list);
  add(`${PRETENDED_CGROUP}/cgroup.procs`, () => leaders);
}

function statusOf(pattern: string, tid: number, pid: number): string {
  return pattern.replace(/^Tgid:\t\d+$/m, `Tgid:\t${pid}`).replace(/^Pid:\t\d+$/m, `Pid:\t${tid}`);
}

/** `FROZEN` and `1` close a freezer; `THAWED` and `0` open it. */
function isFreeze(word: Uint8Array): boolean {
  return word[0] === 'F'.charCodeAt(0) || word[0] === '1'.charCodeAt(0);
}

function copy(content: Content | undefined, into: Uint8Array, length: number, offset: number): number {
  if (content === undefined) return -ENOENT;
  const bytes = content().subarray(offset, offset + length);
  into.set(bytes);
  return bytes.length;
}
