/**
 * The guard, as a capture needs it: a process of its own that opens freezers when this one cannot.
 *
 * Results follow the convention of {@link ./kernel.ts}: 0 or more is success, a negative number is `-errno`. Every call is
 * synchronous and takes 200 ms at most; ETIMEDOUT, EPIPE, ECONNRESET or ENOTCONN say that there is no living guard, and then
 * nothing new may be frozen.
 *
 * Pure: types and constants.
 */

/** What a thread that says no hello may ask on a connection: a ping, or, where another thread said it, that a capture is done. */
export type GuardAside = Pick<Guard, 'done' | 'ping'>;

/** Bytes of a capture's id: a UID, without its hyphens. */
export const CAPTURE_ID_BYTES = 16;

/** Why the guard acted, by its number in src/guard/protocol.h. */
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

/** What became of a freezer that an agent left to the guard, by its number in src/guard/protocol.h. */
export const GUARD_OUTCOMES = ['None', 'Thawed', 'FoundThawed', 'CgroupGone', 'Rebooted'] as const;
export type GuardOutcome = (typeof GUARD_OUTCOMES)[number];

/** A freezer that is going to be closed. */
export interface Announcement {
  readonly capture: Uint8Array;
  /** Index of its cgroup in the request. */
  readonly container: number;
  /** `none`: no freezer will be written; only the deadline of the capture is kept. */
  readonly version: 'v1' | 'v2' | 'none';
  /** Path of the cgroup's directory, which must lead there in the guard's mount namespace too. */
  readonly directory: string;
  /** How long the freezer may stay closed. The guard takes 1 s at most. */
  readonly freezerMicroseconds: number;
  /** How long the whole capture may take, hold included. The guard ends this process 0.7 s later. */
  readonly holdMicroseconds: number;
}

/** What a guard did about a capture without its agent. */
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
  /** Recovered records that nobody acknowledged. */
  readonly recovered: number;
}

export interface Guard {
  /** Never to be in a cgroup that is frozen. */
  readonly pid: number;
  /** Whether the kernel tells it of the end of the tracing thread (Linux 6.9); else it looks every 20 ms. */
  readonly seesThreads: boolean;
  /** Its journal could be written when it was asked. Without it every announcement is refused. */
  readonly hasJournal: boolean;
  /**
   * Must answer 0 before FROZEN is written. EALREADY: it is frozen now, by someone else. EBUSY: another capture has it. ESTALE,
   * ENOENT: the path does not lead to it where the guard lives. ENOSPC, EROFS and others: the journal cannot be written.
   */
  announce(announcement: Announcement): number;
  /** The freezer is open, and this was verified. EBUSY: it is not. */
  opened(capture: Uint8Array, container: number): number;
  /**
   * The freezer is not closed by us: we never wrote it, or have proved it open since. If it is closed now, then by somebody else,
   * and the guard leaves it alone.
   */
  disowned(capture: Uint8Array, container: number): number;
  /**
   * As {@link opened} or {@link disowned}, without waiting for an answer: whether it was believed is told by the next question about
   * it, or by `done`.
   */
  tell(word: 'opened' | 'disowned', capture: Uint8Array, container: number): void;
  /** Nothing of the capture is frozen or traced any more. EBUSY: one of its freezers was not said to be open. */
  done(capture: Uint8Array): number;
  ping(): GuardHealth | number;
  /** All that nobody acknowledged yet. */
  recovered(): readonly Recovered[] | number;
  acknowledge(capture: Uint8Array, container: number): number;
  /** Only when no capture is open: the guard takes it for a defect else, and ends this process at its deadline. */
  close(): void;
}
