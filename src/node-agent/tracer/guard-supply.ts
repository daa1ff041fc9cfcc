/** The source of the connections of tracing threads to the guard. */
import { ENOTCONN } from '../../native/errno.js';

export interface GuardSupply {
  /** A connected socket for one tracing thread, which says hello on it; -errno when there is no guard. */
  connect(): number;
  /** Takes the socket back from a thread that has ended. */
  release(socket: number): void;
  /** Directory of this process's own cgroup in the v1 freezer hierarchy, where there is one. */
  readonly ownFreezer: string | undefined;
}

/** For callers that only look: every capture is refused, and touches nothing. */
export const NO_GUARD: GuardSupply = {
  connect: () => -ENOTCONN,
  release: () => undefined,
  ownFreezer: undefined,
};
