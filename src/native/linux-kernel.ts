/** {@link Kernel} for real: Linux, through libc. */
import { constants, readdirSync, readlinkSync } from 'node:fs';
import type { Kernel, KernelFiles } from './kernel.js';
import type { Libc } from './libc.js';
import { linuxPtrace } from './linux-ptrace.js';

/** struct pollfd: int fd; short events; short revents (poll(2)). The same on x86-64 and arm64. */
const POLLFD_SIZE = 8;
const POLLPRI = 0x2;
/** struct statx is the same on every architecture, unlike struct stat (statx(2)). */
const STATX_SIZE = 256;
const STX_NLINK = 16;
const CLOCK_MONOTONIC = 1;
/** Node names the O_* flags of the architecture it runs on; O_CLOEXEC it does not export, and it is octal 02000000 on both. */
const O_CLOEXEC = 0x80000;

/** Makes the kernel seam of the calling thread. Holds small buffers of its own, so do not share one between threads. */
export function createLinuxKernel(libc: Libc): Kernel {
  const timespec = new Uint8Array(16);
  return {
    pid: process.pid,
    tid: callingThread(),
    now: () => Number(process.hrtime.bigint()) / 1000,
    sleep: (microseconds) => {
      setTimespec(timespec, microseconds);
      libc.clockNanosleep(CLOCK_MONOTONIC, 0, timespec);
    },
    files: linuxFiles(libc),
    ptrace: linuxPtrace(libc),
  };
}

/** /proc/thread-self leads to `PID/task/TID` (proc(5)); gettid(2) has no wrapper in older C libraries. */
function callingThread(): number {
  return Number(readlinkSync('/proc/thread-self').split('/')[2]);
}

function linuxFiles(libc: Libc): KernelFiles {
  const statx = new Uint8Array(STATX_SIZE);
  const links = new DataView(statx.buffer);
  /** A directory without sub-directories has two links, on kernfs too (fs/kernfs/inode.c): that spares listing its 40 files. */
  const hasNoDirectories = (path: string): boolean =>
    libc.statx?.(path, statx) === 0 && links.getUint32(STX_NLINK, true) === 2;
  const pollfd = new Uint8Array(POLLFD_SIZE);
  const pollfdView = new DataView(pollfd.buffer);
  const timeout = new Uint8Array(16);
  const readFlags = constants.O_RDONLY | O_CLOEXEC;
  const writeFlags = constants.O_WRONLY | O_CLOEXEC;
  return {
    open: (path, access) => libc.open(path, access === 'read' ? readFlags : writeFlags),
    close: (fd) => libc.close(fd),
    pread: (fd, into, offset) => libc.pread(fd, into, into.length, offset),
    write: (fd, text) => {
      const bytes = Buffer.from(text);
      return libc.write(fd, bytes, bytes.length);
    },
    pollEvent: (fd, microseconds) => {
      pollfdView.setInt32(0, fd, true);
      pollfdView.setInt16(4, POLLPRI, true);
      pollfdView.setInt16(6, 0, true);
      setTimespec(timeout, microseconds);
      const ready = libc.ppoll(pollfd, 1, timeout);
      return ready > 0 ? 1 : 0;
    },
    readInto: (path, into) => {
      const fd = libc.open(path, readFlags);
      if (fd < 0) return fd;
      const bytes = libc.read(fd, into, into.length);
      libc.close(fd);
      return bytes;
    },
    readlinkInto: (path, into) => libc.readlink(path, into, into.length),
    list: (path) => orErrno(() => readdirSync(path)),
    directories: (path) => (hasNoDirectories(path) ? [] : orErrno(() => directoriesIn(path))),
  };
}

function directoriesIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** Node reports the errno of a failed call as a negative number in `errno`, which is the convention here too. */
function orErrno<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).errno;
    if (errno === undefined) throw error;
    return errno;
  }
}

/** struct timespec of 64-bit Linux: two little-endian 64-bit numbers. */
function setTimespec(timespec: Uint8Array, microseconds: number): void {
  const view = new DataView(timespec.buffer);
  view.setBigInt64(0, BigInt(Math.floor(microseconds / 1e6)), true);
  view.setBigInt64(8, BigInt(Math.floor((microseconds % 1e6) * 1000)), true);
}
