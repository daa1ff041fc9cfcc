/** The real {@link KernelFiles}: /proc and cgroupfs through libc. */
import { constants, readdirSync } from 'node:fs';
import { ENAMETOOLONG } from './errno.js';
import type { KernelFiles } from './kernel.js';
import type { Libc } from './libc.js';
import { useLongPath } from './long-path.js';
import { hasEscapes, pathBytes, pathText } from './path-text.js';
import { setTimespec } from './timespec.js';

/** struct pollfd: int fd; short events; short revents (poll(2)). The same on x86-64 and arm64. */
const POLLFD_SIZE = 8;
const POLLPRI = 0x2;
/** struct statx is the same on every architecture, unlike struct stat (statx(2)). */
const STATX_SIZE = 256;
const STX_NLINK = 16;
/** Node does not export O_CLOEXEC and O_PATH; both numbers are the same on x86-64 and arm64 (asm-generic/fcntl.h). */
const O_CLOEXEC = 0x80000;
const O_PATH = 0x200000;
const READ = constants.O_RDONLY | O_CLOEXEC;
const WRITE = constants.O_WRONLY | O_CLOEXEC;
const ON_THE_WAY = O_PATH | constants.O_DIRECTORY | O_CLOEXEC;

/** The files as the calling thread sees them. The object owns small buffers, so two threads must not share it. */
export function linuxFiles(libc: Libc): KernelFiles {
  const statx = new Uint8Array(STATX_SIZE);
  const links = new DataView(statx.buffer);
  const pollfd = new Uint8Array(POLLFD_SIZE);
  const pollfdView = new DataView(pollfd.buffer);
  const timeout = new Uint8Array(16);
  const open = (path: string, flags: number): number => {
    const fd = libc.open(path, flags);
    return fd === -ENAMETOOLONG ? useLongPath(path, onTheWay, (shortPath) => libc.open(shortPath, flags)) : fd;
  };
  const onTheWay = { open: (path: string) => libc.open(path, ON_THE_WAY), close: (fd: number) => void libc.close(fd) };
  /**
   * A directory without sub-directories has two links, on kernfs too (fs/kernfs/inode.c). This check spares listing the 40 files
   * of a cgroup.
   */
  const hasNoDirectories = (path: string): boolean =>
    !hasEscapes(path) && libc.statx?.(path, statx) === 0 && links.getUint32(STX_NLINK, true) === 2;
  return {
    open: (path, access) => open(path, access === 'read' ? READ : WRITE),
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
      return libc.ppoll(pollfd, 1, timeout) > 0 ? 1 : 0;
    },
    readInto: (path, into) => {
      const fd = open(path, READ);
      if (fd < 0) return fd;
      const bytes = libc.read(fd, into, into.length);
      libc.close(fd);
      return bytes;
    },
    readlinkInto: (path, into) => libc.readlink(path, into, into.length),
    list: (path) => orErrno(() => readdirSync(path)),
    directories: (path) => {
      if (hasNoDirectories(path)) return [];
      const names = directoriesIn(path);
      return names === -ENAMETOOLONG ? useLongPath(path, onTheWay, directoriesIn) : names;
    },
  };
}

function directoriesIn(path: string): string[] | number {
  return orErrno(() =>
    readdirSync(Buffer.from(pathBytes(path)), { withFileTypes: true, encoding: 'buffer' })
      .filter((entry) => entry.isDirectory())
      .map((entry) => pathText(entry.name)),
  );
}

/** Node stores the errno of a failed call as a negative number in `errno`, which is the convention here too. */
function orErrno<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).errno;
    if (errno === undefined) throw error;
    return errno;
  }
}
