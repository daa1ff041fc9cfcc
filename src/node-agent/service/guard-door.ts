/** {@link GuardDoor} for real: the socket in the folder that the guard shares with the agent. */
import { connectGuard, openGuard } from '../../native/guard-channel.js';
import type { Libc } from '../../native/libc.js';
import type { GuardDoor } from './guard-keeper.js';

/** The main thread waits for its own questions, while it also has to look after tracing threads: they are short. */
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
