/**
 * The guard as a capture sees it: a separate process that opens freezers when this process cannot.
 *
 * Results follow the convention of {@link ./kernel.ts}: 0 or more is success, a negative number is `-errno`. Every call is
 * synchronous and takes at most 200 ms. ETIMEDOUT, EPIPE, ECONNRESET and ENOTCONN mean that there is no living guard; nothing new
 * may be frozen then.
 *
 * Pure: types and constants.
 */

/** Bytes of a capture's id, which is a UID without its hyphens. */
export const CAPTURE_ID_BYTES = 16;

/** Why the guard acted. The index is the number in src/guard/protocol.h. */
export const GUARD_CAUSES = [
  'None',
  'AgentDied',
  'ThreadDied',
  'HungUp',
  'FreezerDeadline',
  'HoldDeadline',
  'GuardDied',
] as const;
export type GuardCause = (typeof GUARD_CAUSES)[number];

/** The outcomes for a freezer that an agent left to the guard. The index is the number in src/guard/protocol.h. */
export const GUARD_OUTCOMES = ['None', 'Thawed', 'FoundThawed', 'CgroupGone', 'Rebooted'] as const;
export type GuardOutcome = (typeof GUARD_OUTCOMES)[number];

/** A freezer that the capture is going to close. */
export interface Announcement {
  readonly capture: Uint8Array;
  /** Index of the cgroup in the request. */
  readonly container: number;
  /** `none`: the capture writes no freezer, and the guard keeps only the deadline of the capture. */
  readonly version: 'v1' | 'v2' | 'none';
  /** Path of the cgroup's directory, which must lead to the same cgroup in the guard's mount namespace. */
  readonly directory: string;
  /** How long the freezer may stay closed. The guard allows at most 1 s. */
  readonly freezerMicroseconds: number;
  /** How long the whole capture may take, hold included. The guard ends this process 0.7 s after that. */
  readonly holdMicroseconds: number;
}

/** A recovery: how a guard acted on a freezer in place of an agent that could not. */
export interface Recovered {
  readonly capture: Uint8Array;
  readonly container: number;
  readonly outcome: GuardOutcome;
  readonly cause: GuardCause;
}

export interface GuardHealth {
  readonly agents: number;
  /** Freezers that are announced and not known to be open again. */
  readonly open: number;
  /** Records of {@link Recovered} that no agent has acknowledged. */
  readonly recovered: number;
}

export interface Guard {
  /** Pid of the guard. The guard must never be in a cgroup that a capture freezes. */
  readonly pid: number;
  /** Whether the kernel tells the guard of the tracing thread's death (Linux 6.9). Otherwise the guard checks every 20 ms. */
  readonly seesThreads: boolean;
  /** Whether the guard could write its journal at the hello. Without a journal the guard refuses every announcement. */
  readonly hasJournal: boolean;
  /**
   * Must return 0 before FROZEN is written. EALREADY: somebody else has frozen the cgroup. EBUSY: another capture has announced
   * the cgroup. ESTALE, ENOENT: the path does not lead to the cgroup in the guard's mount namespace. ENAMETOOLONG: the path does
   * not fit into a record of the journal. ENOSPC, EROFS and others: the guard cannot write its journal.
   */
  announce(announcement: Announcement): number;
  /** Says that the freezer is open; the caller has verified this. EBUSY: the guard sees that the freezer is closed. */
  opened(capture: Uint8Array, container: number): number;
  /**
   * Says that this process did not close the freezer, or has proved it open since. If the freezer is closed now, somebody else
   * closed it, and the guard leaves that freezer alone.
   */
  disowned(capture: Uint8Array, container: number): number;
  /**
   * Does the same as {@link opened} or {@link disowned} without waiting for the answer. The next call about the freezer, or
   * `done`, shows whether the guard believed the statement.
   */
  tell(word: 'opened' | 'disowned', capture: Uint8Array, container: number): void;
  /** Says that nothing of the capture is frozen or traced any more. EBUSY: one of its freezers is still announced. */
  done(capture: Uint8Array): number;
  ping(): GuardHealth | number;
  /** Returns all recoveries that no agent has acknowledged yet, or -errno. */
  recovered(): readonly Recovered[] | number;
  acknowledge(capture: Uint8Array, container: number): number;
  /**
   * Must be called between captures only. During a capture, the guard takes a closed connection for a defect and ends this
   * process at its deadline.
   */
  close(): void;
}
