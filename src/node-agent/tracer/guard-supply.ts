/** Where tracing threads get their connections to the guard from, and who speaks for those that cannot any more. */
import { ENOTCONN } from '../../native/errno.js';

export interface GuardSupply {
  /** A connected socket for one tracing thread, which says hello on it; -errno when there is no guard. */
  connect(): number;
  /** The thread that had this socket is done with it, or dead. */
  release(socket: number): void;
  /**
   * Says of a capture whose thread is dead, or whose guard is, that nothing of it is held any more. Resolves when a guard has taken
   * it, or none will.
   */
  settled(capture: Uint8Array): Promise<void>;
  /** Directory of this process's own cgroup in the v1 freezer hierarchy, where there is one. */
  readonly ownFreezer: string | undefined;
}

/** For who only looks: every capture is refused, and touches nothing. */
export const NO_GUARD: GuardSupply = {
  connect: () => -ENOTCONN,
  release: () => undefined,
  settled: async () => await Promise.resolve(),
  ownFreezer: undefined,
};
