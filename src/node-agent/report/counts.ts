/** Counts what a report is about. The counts are of the whole tree, also where a tree is cut later. Pure. */
import type { ProcessRow } from '../../api/podcapture.js';

export interface TreeCounts {
  /** Captured processes, zombies included. */
  readonly processes: number;
  /** Captured threads, leaders included, zombies excluded. */
  readonly threads: number;
  /** Processes in a job-control stop. */
  readonly stopped: number;
  readonly zombies: number;
}

export function countTree(tree: readonly ProcessRow[]): TreeCounts {
  return {
    processes: tree.length,
    threads: tree.reduce((sum, row) => sum + row.threads.filter(({ state }) => state !== 'Zombie').length, 0),
    stopped: tree.filter(({ state }) => state === 'Stopped').length,
    zombies: tree.filter(({ state }) => state === 'Zombie').length,
  };
}
