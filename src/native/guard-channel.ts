/** The real {@link Guard}: a synchronous connection of the calling thread to stasis-guard. */
import { constants, fstatSync } from 'node:fs';
import { ECONNRESET, EMSGSIZE, ENAMETOOLONG, ENOENT, EPROTO, ETIMEDOUT } from './errno.js';
import type { Announcement, Guard, Recovered } from './guard.js';
import {
  ANSWER_BYTES,
  CAPABILITY,
  KIND,
  PROTOCOL_VERSION,
  decodePong,
  decodeRecovered,
  decodeWelcome,
  encodeAnnounce,
  encodeHello,
  encodePing,
  encodeRecoveredQuery,
  encodeSubject,
  isAnswer,
  setSequence,
  statusOf,
  type Kind,
  type SubjectKind,
} from './guard-protocol.js';
import type { Libc } from './libc.js';

/** socket(2), unix(7). These numbers are the same on x86-64 and arm64. */
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0x80000;
/** With this flag, connect(2) fails with EAGAIN instead of waiting when the guard accepts no connections. */
const SOCK_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;
const POLLIN = 0x1;
const POLLHUP = 0x10;
/** Offset of the path in struct sockaddr_un, and the size of the struct in bytes: a short, then a path of 108 bytes, its NUL included. */
const SUN_PATH = 2;
const SUN_SIZE = 110;

/** An answer takes 30 µs, or 4 ms with a journal on a slow disk. A guard that takes longer than this bound cannot be relied upon. */
const ANSWER_WITHIN_MICROSECONDS = 200_000;
/** A guard remembers at most this many records (MAX_RECOVERED in src/guard/guard.h). */
const MAX_RECOVERED = 128;

/** The guard is at the path of a socket, or at the other end of a socket that this process already has. */
export type GuardAddress = { readonly socket: string } | { readonly fd: number };

export interface GuardOptions {
  readonly pid: number;
  /** The tracing thread, which alone writes FROZEN. */
  readonly tid: number;
  /**
   * Directory of this process's own cgroup in the v1 freezer hierarchy. In a frozen v1 cgroup even SIGKILL does not end a
   * process, so the guard has to thaw that cgroup before it can end this process.
   */
  readonly ownFreezer?: string;
  readonly answerWithinMicroseconds?: number;
}

/**
 * Connects and says hello. Returns -errno when there is no guard, or when the guard refuses. EBUSY means that the capture of the
 * thread that had this connection before is not settled yet: the guard learns of a thread's death up to 20 ms later than this
 * process.
 */
export function openGuard(libc: Libc, address: GuardAddress, options: GuardOptions): Guard | number {
  const fd = 'fd' in address ? address.fd : connectGuard(libc, address.socket);
  if (fd < 0) return fd;
  const channel = new Channel(libc, fd, options.answerWithinMicroseconds ?? ANSWER_WITHIN_MICROSECONDS);
  const guard = greet(channel, options);
  if (typeof guard === 'number' && !('fd' in address)) channel.close();
  return guard;
}

/** Whether the guard's end of a connection is closed, because the guard is dead or has hung up. Does not wait. */
export function isHungUp(libc: Libc, fd: number): boolean {
  const pollfd = new Uint8Array(8);
  const view = new DataView(pollfd.buffer);
  view.setInt32(0, fd, true);
  // poll(2) reports POLLHUP and POLLNVAL without being asked to. POLLNVAL counts too: a number that is no descriptor leads to no guard.
  return libc.ppoll(pollfd, 1, new Uint8Array(16)) > 0 && view.getInt16(6, true) >= POLLHUP;
}

/** A pair of connected sockets, or -errno. One end is for a guard that this process starts (`--fd`), the other for {@link openGuard}. */
export function guardPair(libc: Libc): { readonly ours: number; readonly theirs: number } | number {
  const pair = new Int32Array(2);
  const result = libc.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
  return result < 0 ? result : { ours: pair[0] ?? -1, theirs: pair[1] ?? -1 };
}

/** Connects without saying hello. Returns a descriptor for the thread that will say hello, or -errno. */
export function connectGuard(libc: Libc, path: string): number {
  const bytes = Buffer.from(path);
  if (bytes.length >= SUN_SIZE - SUN_PATH) return -ENAMETOOLONG;
  const address = new Uint8Array(SUN_SIZE);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, SUN_PATH);
  const fd = libc.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fd;
  const result = libc.connect(fd, address);
  if (result >= 0) return fd;
  libc.close(fd);
  return result;
}

function greet(channel: Channel, options: GuardOptions): Guard | number {
  const { ownFreezer } = options;
  const own = ownFreezer === undefined ? undefined : channel.openDirectory(ownFreezer);
  if (own !== undefined && own < 0) return own;
  const answer = channel.ask(KIND.hello, encodeHello(options.pid, options.tid, own !== undefined), own);
  if (own !== undefined) channel.closeDirectory(own);
  if (typeof answer === 'number') return answer;
  const welcome = decodeWelcome(answer);
  if (welcome?.protocol !== PROTOCOL_VERSION) return -EPROTO;
  return guardOf(channel, welcome.guardPid, welcome.capabilities);
}

function guardOf(channel: Channel, pid: number, capabilities: number): Guard {
  const told = (kind: SubjectKind, capture: Uint8Array, container: number): number =>
    statusResult(channel.ask(kind, encodeSubject(kind, capture, container)));
  return {
    pid,
    seesThreads: (capabilities & CAPABILITY.threadPidfd) !== 0,
    hasJournal: (capabilities & CAPABILITY.journal) !== 0,
    announce: (announcement) => announce(channel, announcement),
    opened: (capture, container) => told(KIND.opened, capture, container),
    disowned: (capture, container) => told(KIND.disowned, capture, container),
    tell: (word, capture, container) => void channel.tell(encodeSubject(KIND[word], capture, container)),
    done: (capture) => told(KIND.done, capture, 0),
    ping: () => {
      const answer = channel.ask(KIND.ping, encodePing());
      return typeof answer === 'number' ? answer : (decodePong(answer) ?? -EPROTO);
    },
    recovered: () => recovered(channel),
    acknowledge: (capture, container) => told(KIND.acknowledge, capture, container),
    close: () => channel.close(),
  };
}

function statusResult(answer: DataView | number): number {
  return typeof answer === 'number' ? answer : 0;
}

function announce(channel: Channel, announcement: Announcement): number {
  if (announcement.version === 'none') return sendAnnounce(channel, announcement, 0n);
  const directory = channel.openDirectory(announcement.directory);
  if (directory < 0) return directory;
  try {
    return sendAnnounce(channel, announcement, fstatSync(directory, { bigint: true }).ino, directory);
  } finally {
    channel.closeDirectory(directory);
  }
}

function sendAnnounce(channel: Channel, announcement: Announcement, inode: bigint, directory?: number): number {
  const message = encodeAnnounce(announcement, inode);
  if (message === undefined) return -ENAMETOOLONG;
  const result = statusResult(channel.ask(KIND.announce, message, directory));
  // The guard may still accept the announcement later. An announcement that stayed would make the guard end this process at the deadline.
  if (result === -ETIMEDOUT) channel.tell(encodeSubject(KIND.disowned, announcement.capture, announcement.container));
  return result;
}

function recovered(channel: Channel): readonly Recovered[] | number {
  const all: Recovered[] = [];
  for (let index = 0; index < MAX_RECOVERED; index++) {
    const answer = channel.ask(KIND.recovered, encodeRecoveredQuery(index));
    if (answer === -ENOENT) break;
    if (typeof answer === 'number') return answer;
    const one = decodeRecovered(answer);
    if (one === undefined) return -EPROTO;
    all.push(one);
  }
  return all;
}

/** A channel sends one question at a time, and waits for its answer up to a bound. */
class Channel {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #bound: number;
  readonly #answer = new Uint8Array(ANSWER_BYTES);
  readonly #pollfd = new Uint8Array(8);
  readonly #timeout = new Uint8Array(16);
  #sequence = 0;

  constructor(libc: Libc, fd: number, boundMicroseconds: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#bound = boundMicroseconds;
  }

  /** Returns the answer, which is valid until the next question, or -errno when no answer came or the answer is an error. */
  ask(kind: Kind, message: Uint8Array, passed?: number): DataView | number {
    const sent = this.tell(message, passed);
    if (sent < 0) return sent;
    const end = now() + this.#bound;
    for (;;) {
      // The socket is checked once more after the time is over: on a busy machine, the whole bound may pass between two
      // instructions of this thread.
      if (!this.#readable(Math.max(0, end - now()))) {
        if (now() >= end) return -ETIMEDOUT;
        continue;
      }
      const length = this.#libc.receive(this.#fd, this.#answer);
      if (length === 0) return -ECONNRESET;
      if (length < 0) return length;
      const answer = new DataView(this.#answer.buffer, 0, length);
      // The datagram may be the late answer to an earlier question.
      if (!isAnswer(answer, kind, this.#sequence)) continue;
      const status = statusOf(answer);
      return status === 0 ? answer : -status;
    }
  }

  /** Sends a message and does not wait for an answer. Returns 0 or -errno. */
  tell(message: Uint8Array, passed?: number): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    setSequence(message, this.#sequence);
    const sent = this.#libc.send(this.#fd, message, passed);
    return sent < 0 ? sent : sent === message.length ? 0 : -EMSGSIZE;
  }

  openDirectory(path: string): number {
    return this.#libc.open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | O_CLOEXEC);
  }

  closeDirectory(fd: number): void {
    this.#libc.close(fd);
  }

  close(): void {
    this.#libc.close(this.#fd);
  }

  #readable(microseconds: number): boolean {
    const fds = new DataView(this.#pollfd.buffer);
    fds.setInt32(0, this.#fd, true);
    fds.setInt16(4, POLLIN, true);
    const timeout = new DataView(this.#timeout.buffer);
    timeout.setBigInt64(0, BigInt(Math.floor(microseconds / 1e6)), true);
    timeout.setBigInt64(8, BigInt(Math.floor((microseconds % 1e6) * 1000)), true);
    return this.#libc.ppoll(this.#pollfd, 1, this.#timeout) > 0;
  }
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1000;
}
