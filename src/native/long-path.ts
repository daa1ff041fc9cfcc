/**
 * Paths longer than PATH_MAX, which the kernel does not accept in one system call (path_resolution(7)). A tenant that may nest
 * cgroups may nest them that deep. Pure except for the functions that are passed in.
 */
import { pathBytes } from './path-text.js';

/** Largest size in bytes of a piece that is walked in one system call: well below PATH_MAX, which is 4096 with the NUL at its end. */
const PIECE_BYTES = 3_000;

/** How directories are opened (O_PATH | O_DIRECTORY) and closed. */
export interface DirectoryCalls {
  /** A descriptor, or -errno. */
  readonly open: (path: string) => number;
  readonly close: (fd: number) => void;
}

/**
 * Calls `use` with a short path to the same file, `/proc/self/fd/N/…`, where N is a directory on the way that stays open
 * meanwhile. Returns the result of `use`, or -errno when a directory on the way cannot be opened.
 */
export function useLongPath<T>(path: string, calls: DirectoryCalls, use: (shortPath: string) => T): T | number {
  const pieces = piecesOf(path);
  const last = pieces.pop() ?? '';
  let base = '/';
  let held = -1;
  try {
    for (const piece of pieces) {
      const next = calls.open(base + piece);
      if (next < 0) return next;
      if (held >= 0) calls.close(held);
      held = next;
      base = `/proc/self/fd/${held}/`;
    }
    return use(base + last);
  } finally {
    if (held >= 0) calls.close(held);
  }
}

/** Splits the path into relative pieces of whole names. */
function piecesOf(path: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const name of path.split('/')) {
    if (name === '') continue;
    const longer = piece === '' ? name : `${piece}/${name}`;
    if (piece !== '' && pathBytes(longer).length > PIECE_BYTES) {
      pieces.push(piece);
      piece = name;
    } else {
      piece = longer;
    }
  }
  return [...pieces, piece];
}
