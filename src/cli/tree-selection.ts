/** Selects the processes of a tree that are shown: by a text, and down to a depth. Pure. */
import type { PrintedRow } from '../api/podcapture.js';
import { placeForest, type PlacedRow } from './render-forest.js';

/** The part of a tree that is shown. Without a field, it is the whole. */
export interface TreeView {
  /** The number of levels that are shown; the roots are the first. */
  readonly depth?: number;
  /** Only processes that have this text, and their ancestors. See {@link matcher}. */
  readonly filter?: string;
  /** Whether each thread has a line of its own. */
  readonly threads?: boolean;
  /** The command that gets the whole tree, where the status has only a part of it. */
  readonly whole?: string;
}

export interface SelectedRow extends PlacedRow<PrintedRow> {
  /** False for an ancestor that is shown only because of what is below it. */
  readonly matches: boolean;
  /** The number of processes below this one that the depth hides. */
  readonly hidden: number;
  /** Whether the next line is one of its children. */
  readonly hasChildren: boolean;
}

/**
 * Tests whether a process has the text in its name, its executable or its command line, in upper or lower case. A number also finds
 * the process with this PID, and those of the user with this UID.
 */
export function matcher(filter: string): (row: PrintedRow) => boolean {
  const wanted = filter.toLowerCase();
  const number = /^\d{1,10}$/.test(filter) ? Number(filter) : undefined;
  return ({ pid, comm, exe = '', cmdline = [], uids, containerUids }) => {
    const ids = [uids, ...(containerUids === undefined ? [] : [containerUids])];
    const isNumber = pid === number || ids.some(({ real, effective }) => real === number || effective === number);
    return isNumber || [comm, exe, cmdline.join(' ')].some((text) => text.toLowerCase().includes(wanted));
  };
}

/** Selects the rows, and puts them in their places. `maxDepth` is the number of levels that are indented. */
export function selectRows(rows: readonly PrintedRow[], maxDepth: number, { depth, filter }: TreeView): SelectedRow[] {
  const matches = filter === undefined ? () => true : matcher(filter);
  const kept = filter === undefined ? rows : withAncestors(rows, matches);
  const selected: (SelectedRow & { hidden: number; hasChildren: boolean })[] = [];
  for (const placed of placeForest(kept, maxDepth)) {
    const above = selected.at(-1);
    if (depth !== undefined && placed.depth >= depth && above !== undefined) above.hidden += 1;
    else {
      if (above !== undefined) above.hasChildren = placed.depth > above.depth;
      selected.push({ ...placed, matches: matches(placed.row), hidden: 0, hasChildren: false });
    }
  }
  return selected;
}

/** The rows that match, and those above them, in the given order. A loop of parents is followed once. */
function withAncestors(rows: readonly PrintedRow[], matches: (row: PrintedRow) => boolean): PrintedRow[] {
  const byPid = new Map<number, PrintedRow>();
  for (const row of rows) if (!byPid.has(row.pid)) byPid.set(row.pid, row);
  const kept = new Set<PrintedRow>();
  for (const row of rows.filter(matches)) {
    kept.add(row);
    for (let above = byPid.get(row.ppid); above !== undefined && !kept.has(above); above = byPid.get(above.ppid))
      kept.add(above);
  }
  return rows.filter((row) => kept.has(row));
}
