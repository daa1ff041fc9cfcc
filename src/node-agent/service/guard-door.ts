/** The {@link GuardDoor} of a real agent: connects to the socket in the folder that the guard shares with the agent. */
import { connectGuard, openGuard } from '../../native/guard-channel.js';
import type { Libc } from '../../native/libc.js';
import type { GuardDoor } from './guard-keeper.js';

/**
 * How long the main thread waits for an answer of the guard. Its questions are quick to answer, and the main thread
 * must not be kept from watching the tracing threads.
 */
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
