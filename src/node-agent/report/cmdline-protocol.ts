/** Request and answers of the reader of command lines. Types and bounds only. */
import type { CmdlineUnread } from '../../api/podcapture.js';

/** A process whose command line is to be read. */
export interface CmdlineTarget {
  readonly pid: number;
  /** A living thread of the process. The files of a dead leader are empty. */
  readonly tid: number;
  /** Identifies the process together with the PID, so that a reused PID does not lend its command line. */
  readonly startTimeTicks: number;
}

/** The reader gets this object as JSON on its standard input. */
export interface CmdlineRequest {
  /** The mount point of procfs. */
  readonly proc: string;
  readonly targets: readonly CmdlineTarget[];
  /** The bound for all command lines together; each process may have up to a page in addition. See {@link MAX_BYTES}. */
  readonly maxBytes: number;
}

/** The reader prints answers to its standard output, each as one line of JSON. The last line has the kind `end`. */
export type CmdlineAnswer =
  | {
      readonly kind: 'read';
      readonly pid: number;
      readonly base64: string;
      /** The length of the whole command line. It is greater than the number of bytes in `base64` where that was cut. */
      readonly lengthBytes: number;
    }
  | { readonly kind: 'unread'; readonly pid: number; readonly why: CmdlineUnread }
  /** The reads of these processes did not return. A target that was named in no answer was never tried. */
  | { readonly kind: 'end'; readonly blocked: readonly number[] };

/**
 * The largest number of bytes for all command lines of a capture together: 8 MiB. One process may have 6 MiB (execve(2):
 * three quarters of 8 MiB), and a process that moves arg_end may declare any length. 10,000 ordinary processes have about
 * 1 MB. 8 MiB of command lines take about 60 MB of memory until they are printed.
 */
export const MAX_BYTES = 8 << 20;
