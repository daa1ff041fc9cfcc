/** What the reader of command lines is asked, and what it answers. Types and bounds only. */
import type { CmdlineUnread } from '../../api/podcapture.js';

/** One process whose command line is wanted. */
export interface CmdlineTarget {
  readonly pid: number;
  /** A living thread of the process: the files of a leader that is dead are empty. */
  readonly tid: number;
  /** With the pid it identifies the process, so that a pid that was reused lends nobody its command line. */
  readonly startTimeTicks: number;
}

/** The reader gets one object of JSON on its standard input. */
export interface CmdlineRequest {
  /** Where procfs is mounted. */
  readonly proc: string;
  readonly targets: readonly CmdlineTarget[];
  /** For all command lines together, but for a page of each; see {@link MAX_BYTES}. */
  readonly maxBytes: number;
}

/** The reader prints these to its standard output, each as one line of JSON. The last line is `blocked`. */
export type CmdlineAnswer =
  | {
      readonly kind: 'read';
      readonly pid: number;
      readonly base64: string;
      /** Of the whole, which is more than was read when it was cut. */
      readonly lengthBytes: number;
    }
  | { readonly kind: 'unread'; readonly pid: number; readonly why: CmdlineUnread }
  /** These have not answered when nothing more came: whatever was not named until then was never tried. */
  | { readonly kind: 'end'; readonly blocked: readonly number[] };

/**
 * Of all command lines of a capture: 8 MiB. A process may have 6 MiB (execve(2): three quarters of 8 MiB), and a tenant
 * that moves arg_end may have any length, so there is a bound; it is shared so that the short ones stay whole. 10,000
 * processes have about 1 MB, and what comes of 8 MiB takes some 60 MB of memory for a moment.
 */
export const MAX_BYTES = 8 << 20;
