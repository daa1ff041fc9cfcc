/**
 * The main thread's side of the board: the values that it reads there, the orders that it writes, and the time limit that both
 * threads keep. Pure: the watchdog decides with these alone.
 */
import type { Phase } from '../../api/podcapture.js';

/** The values that the tracing thread last wrote. */
export interface BoardView {
  readonly phase: Phase;
  /** Odd while the tracing thread is inside a call that may block. The main thread looks for an odd number that does not change. */
  readonly progress: number;
  /** The tracing thread may still write FROZEN. Until this is false, a thaw is not final. */
  readonly writer: boolean;
  /** Number of freezers that this capture has closed and not yet opened. */
  readonly closed: number;
}

/** The orders are bits, so that a later order never hides an earlier one. */
export const ORDER_REOPEN = 1;
export const ORDER_TIMEOUT = 2;
export const ORDER_CANCEL = 4;
/** The guard is gone: everything that is held is released. */
export const ORDER_UNGUARDED = 8;

/**
 * How long a freezer may be closed, from its announcement to the thaw. The guard opens a freezer after 1 s, whatever the
 * timeout of the capture is, and ends the process that left it closed; this limit comes before that.
 */
export const FREEZER_WINDOW_MICROSECONDS = 800_000;
