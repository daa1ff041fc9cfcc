/** The surroundings of a capture. Types only. */
import type { Guard } from '../../native/guard.js';
import type { Kernel } from '../../native/kernel.js';
import type { ReleaseCost } from '../pure/release-cost.js';
import type { Board } from './board.js';
import type { ArmedFault } from './fault-points.js';
import type { RawArena } from './raw-arena.js';

/** The surroundings of a capture: the seam to the kernel, the shared memory, and a sleep that an order ends early. */
export interface CaptureContext {
  readonly kernel: Kernel;
  readonly board: Board;
  /** -errno: there is no guard, and nothing is frozen or traced. */
  readonly guard: Guard | number;
  /** The id under which the guard knows this capture. */
  readonly captureId: Uint8Array;
  /** Returns by how many microseconds the wall clock is ahead of the monotonic clock. Absent: a hold has no wall-clock times. */
  readonly wallOffset?: () => number;
  /** Asks for more CPU time, until the capture has ended. */
  readonly hurry?: () => void;
  /** Readies the thread for a pause of so many tasks. */
  readonly warmUp?: (tasks: number) => void;
  /** Sleeps until the orders differ from `known`, but no longer than `microseconds`. */
  readonly wait: (known: number, microseconds: number) => void;
  /** Set only in tests. */
  readonly fault?: ArmedFault | undefined;
  /** Memory for the raw bytes. The bytes of an earlier capture in it are lost. */
  readonly arena?: RawArena;
  /** The cost of earlier releases. The budget keeps back the time for the release. */
  readonly releaseCost: ReleaseCost;
}
