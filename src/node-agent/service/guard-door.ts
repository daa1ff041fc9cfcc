/** {@link GuardDoor} for real: the socket in the folder that guard and agent share. */
import { connectGuard, openGuard } from '../../native/guard-channel.js';
import type { Libc } from '../../native/libc.js';
import type { GuardDoor } from './guard-keeper.js';

/** The main thread waits for the answers to its own questions, and has to watch tracing threads meanwhile. */
const ANSWER_WITHIN_MICROSECONDS = 100_000;

export function guardDoor(libc: Libc, socket: string, ownFreezer: string | undefined): GuardDoor {
  const own = ownFreezer === undefined ? {} : { ownFreezer };
  const ids = { pid: process.pid, tid: process.pid, answerWithinMicroseconds: ANSWER_WITHIN_MICROSECONDS };
  return {
    ownFreezer,
    open: () => openGuard(libc, { socket }, { ...ids, ...own }),
    connect: () => connectGuard(libc, socket),
    release: (fd) => void libc.close(fd),
  };
}
