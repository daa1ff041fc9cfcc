/**
 * All foreign functions that Stasis calls. Only this file imports koffi.
 *
 * The functions come from the running process's own libc (`dlopen(NULL)`), so that glibc and musl need no separate code.
 * Functions that C declares variadic (open, ptrace) are declared with fixed integer parameters: the calling conventions of Linux
 * on x86-64 and arm64 pass both kinds in the same way (System V ABI 3.5.7; AAPCS64 6.4.2).
 *
 * All calls are synchronous: ptrace belongs to one OS thread, and koffi's `.async` runs on another thread.
 */
import koffi from 'koffi';
import { hasEscapes, pathBytes } from './path-text.js';

/**
 * The C library; the man page of each function describes it. A function returns the result of the C function, but on failure it
 * returns `-errno`, as the system call itself does. koffi promises errno only until the next call on the thread, so errno is read
 * in the very next expression, here and nowhere else.
 */
export interface Libc {
  /** open(2) of a path in the text form of {@link ./path-text.ts}. The mode is 0, because no file is ever created. */
  open(path: string, flags: number): number;
  /** close(2). */
  close(fd: number): number;
  /** read(2) at the file's own position. */
  read(fd: number, into: Uint8Array, length: number): number;
  /** pread(2). */
  pread(fd: number, into: Uint8Array, length: number, offset: number): number;
  /** write(2). */
  write(fd: number, from: Uint8Array, length: number): number;
  /** readlink(2). */
  readlink(path: string, into: Uint8Array, length: number): number;
  /**
   * statx(2) of the path itself, links not followed; `into` takes a struct statx of 256 bytes. The path is plain text, without
   * the escapes of {@link ./path-text.ts}. Undefined when an old C library lacks statx.
   */
  readonly statx: ((path: string, into: Uint8Array) => number) | undefined;
  /** ppoll(2) with no signal mask; `fds` is an array of struct pollfd, `timeout` a struct timespec. */
  ppoll(fds: Uint8Array, count: number, timeout: Uint8Array): number;
  /** clock_nanosleep(2) with a relative time. The C function returns an error number instead of setting errno. */
  clockNanosleep(clock: number, flags: number, request: Uint8Array): number;
  /** ptrace(2) with an integer address and data. */
  ptrace(request: number, tid: number, address: number, data: number): number;
  /** ptrace(2) whose data argument is a buffer that the kernel writes to. */
  ptraceInto(request: number, tid: number, address: number, into: Uint8Array): number;
  /** waitid(2); `info` is a siginfo_t of 128 bytes. */
  waitid(idType: number, id: number, info: Uint8Array, options: number): number;
  /** socket(2). */
  socket(domain: number, type: number, protocol: number): number;
  /** socketpair(2); `into` takes two ints. */
  socketpair(domain: number, type: number, protocol: number, into: Int32Array): number;
  /** connect(2); `address` is the struct sockaddr of the socket's family. */
  connect(fd: number, address: Uint8Array): number;
  /** sendmsg(2) of one datagram with MSG_NOSIGNAL and MSG_DONTWAIT; with `passed`, that descriptor goes with it (unix(7), SCM_RIGHTS). */
  send(fd: number, from: Uint8Array, passed?: number): number;
  /** recv(2) with MSG_DONTWAIT. */
  receive(fd: number, into: Uint8Array): number;
  /** flock(2). */
  flock(fd: number, operation: number): number;
  /** sigaction(2); both take a struct sigaction of the C library, of 152 bytes. */
  sigaction(signal: number, action: Uint8Array | null, old: Uint8Array | null): number;
}

/** openat(2), statx(2): the same numbers on every architecture. */
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_NLINK = 0x4;

/** send(2), recv(2): the same numbers on x86-64 and arm64 (asm-generic). */
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** cmsg(3): a struct cmsghdr of 16 bytes (size_t, int, int), one int, and padding to 24. */
const CONTROL_SIZE = 24;
const CONTROL_LENGTH = 20;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

/** Binds the functions, which takes about a millisecond. Throws when koffi does not support the platform. */
export function openLibc(): Libc {
  const self = koffi.load(null);
  const open = self.func('open', 'int', ['str', 'int', 'int']);
  const openBytes = self.func('open', 'int', ['void *', 'int', 'int']);
  const close = self.func('close', 'int', ['int']);
  const read = self.func('read', 'long', ['int', 'void *', 'size_t']);
  const pread = self.func('pread', 'long', ['int', 'void *', 'size_t', 'long']);
  const write = self.func('write', 'long', ['int', 'void *', 'size_t']);
  const readlink = self.func('readlink', 'long', ['str', 'void *', 'size_t']);
  const statx = optional(() => self.func('statx', 'int', ['int', 'str', 'int', 'uint', 'void *']));
  const ppoll = self.func('ppoll', 'int', ['void *', 'ulong', 'void *', 'void *']);
  const clockNanosleep = self.func('clock_nanosleep', 'int', ['int', 'int', 'void *', 'void *']);
  const ptrace = self.func('ptrace', 'long', ['int', 'int', 'long', 'long']);
  const ptraceInto = self.func('ptrace', 'long', ['int', 'int', 'long', 'void *']);
  const waitid = self.func('waitid', 'int', ['int', 'uint', 'void *', 'int']);
  const socket = self.func('socket', 'int', ['int', 'int', 'int']);
  const socketpair = self.func('socketpair', 'int', ['int', 'int', 'int', 'void *']);
  const connect = self.func('connect', 'int', ['int', 'void *', 'uint']);
  const flock = self.func('flock', 'int', ['int', 'int']);
  const sigaction = self.func('sigaction', 'int', ['int', 'void *', 'void *']);
  const recv = self.func('recv', 'long', ['int', 'void *', 'size_t', 'int']);
  // In musl, iovlen and controllen are ints with padding. They are as wide, and look the same where numbers are little-endian.
  const iovec = koffi.struct({ base: 'void *', length: 'size_t' });
  const msghdr = koffi.struct({
    name: 'void *',
    nameLength: 'uint',
    parts: koffi.pointer(iovec),
    partCount: 'size_t',
    control: 'void *',
    controlLength: 'size_t',
    flags: 'int',
  });
  const sendmsg = self.func('sendmsg', 'long', ['int', koffi.pointer(msghdr), 'int']);
  return {
    open: (path, flags) =>
      hasEscapes(path) ? result(openBytes(withNul(pathBytes(path)), flags, 0)) : result(open(path, flags, 0)),
    close: (fd) => result(close(fd)),
    read: (fd, into, length) => result(read(fd, into, length)),
    pread: (fd, into, length, offset) => result(pread(fd, into, length, offset)),
    write: (fd, from, length) => result(write(fd, from, length)),
    readlink: (path, into, length) => result(readlink(path, into, length)),
    statx: statx && ((path, into) => result(statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_NLINK, into))),
    ppoll: (fds, count, timeout) => result(ppoll(fds, count, timeout, null)),
    clockNanosleep: (clock, flags, request) => -clockNanosleep(clock, flags, request, null),
    ptrace: (request, tid, address, data) => result(ptrace(request, tid, address, data)),
    ptraceInto: (request, tid, address, into) => result(ptraceInto(request, tid, address, into)),
    waitid: (idType, id, info, options) => result(waitid(idType, id, info, options)),
    socket: (domain, type, protocol) => result(socket(domain, type, protocol)),
    socketpair: (domain, type, protocol, into) => result(socketpair(domain, type, protocol, into)),
    connect: (fd, address) => result(connect(fd, address, address.length)),
    send: (fd, from, passed) => {
      const control = passed === undefined ? null : rightsOf(passed);
      const message = {
        name: null,
        nameLength: 0,
        parts: [{ base: from, length: from.length }],
        partCount: 1,
        control,
        controlLength: control?.length ?? 0,
        flags: 0,
      };
      return result(sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT));
    },
    receive: (fd, into) => result(recv(fd, into, into.length, MSG_DONTWAIT)),
    flock: (fd, operation) => result(flock(fd, operation)),
    sigaction: (signal, action, old) => result(sigaction(signal, action, old)),
  };
}

function withNul(bytes: Uint8Array): Uint8Array {
  const text = new Uint8Array(bytes.length + 1);
  text.set(bytes);
  return text;
}

function rightsOf(passed: number): Uint8Array {
  const control = new Uint8Array(CONTROL_SIZE);
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(CONTROL_LENGTH), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  view.setInt32(16, passed, true);
  return control;
}

/** Binds a function that the C library may lack. koffi throws when the function is not found. */
function optional<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

/** The argument must be the call itself: nothing may run between the call and the reading of errno. */
function result(value: number): number {
  return value === -1 ? -koffi.errno() : value;
}
