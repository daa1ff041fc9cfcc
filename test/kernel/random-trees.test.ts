/**
 * The report of random trees against an independent reader of /proc and cgroupfs that looks while the pod is held: nested cgroups,
 * threads with names and credentials of their own, dead leaders, zombies, and processes that fork all the time.
 */
import { afterEach, expect, test } from '@jest/globals';
import type { IdSet, ProcessRow, ThreadRow } from '../../src/api/podcapture.js';
import { describeWays, useHeldCaptures } from './harness/capturing.js';
import { cleanupAll } from './harness/cleanup.js';
import { readProcessesOf, type SeenProcess, type SeenThread } from './harness/independent-reader.js';
import { startWorkload } from './harness/workload.js';

/** Trees per way; 1,000 and more in a long run. */
const TREES = Number(process.env['STASIS_RANDOM_TREES'] ?? 20);
/** Captures of each tree: the forkers make each of them a different one. */
const CAPTURES_PER_TREE = 5;
/** Processes of a tree that fork all the time. With twelve, a child often dies while it is seized. */
const FORKERS = [0, 1, 2, 12] as const;
const LONG = 60_000 + TREES * 5_000;
/** As long as the reader may need on a busy machine; it ends the hold itself. */
const HOLD_MS = 20_000;

const capturing = useHeldCaptures();
afterEach(cleanupAll);

describeWays('capture()', (make, { version, freezer }) => {
  test(
    'reports process by process what an independent reader sees while the pod is held',
    async () => {
      const firstSeed = Math.floor(Math.random() * 30_000);
      for (let tree = 0; tree < TREES; tree++) {
        const seed = firstSeed + tree;
        const cgroup = make('random');
        const nested = cgroup.child('inner');
        const groups = [nested.directory, nested.child('deeper').directory];
        await startWorkload(cgroup, 'random-tree', [
          seed,
          3 + (seed % 12),
          FORKERS[seed % FORKERS.length] ?? 0,
          ...groups,
        ]);
        for (let capture = 0; capture < CAPTURES_PER_TREE; capture++) {
          const { report, seen } = await capturing.whileHeld(cgroup, { freezer, hold: HOLD_MS }, () =>
            readProcessesOf(cgroup.directory, version === 'v1' ? 'tasks' : 'cgroup.threads'),
          );
          // A child on its way out runs on as far as the machine lets it, while both look.
          const exiting = new Set(report.unfrozen.filter(({ cause }) => cause === 'Exiting').map(({ tid }) => tid));
          const rowsOf = (processes: readonly SeenProcess[]): SeenProcess[] =>
            processes.filter(({ pid }) => !exiting.has(pid)).toSorted(byPid);
          const unfrozen = report.unfrozen.filter(({ tid }) => !exiting.has(tid));
          expect({ seed, failure: report.failure, unfrozen }).toEqual({ seed, failure: undefined, unfrozen: [] });
          expect({ seed, rows: rowsOf(report.tree.map(asSeen)) }).toEqual({ seed, rows: rowsOf([...seen.values()]) });
        }
        cleanupAll();
      }
    },
    LONG,
  );
});

function asSeen(row: ProcessRow): SeenProcess {
  return {
    pid: row.pid,
    ppid: row.ppid,
    comm: row.comm,
    isZombie: row.state === 'Zombie',
    uids: ids(row.uids),
    gids: ids(row.gids),
    startTimeTicks: row.startTimeTicks,
    threads: row.threads.map((thread) => threadAsSeen(row, thread)).toSorted((a, b) => a.tid - b.tid),
  };
}

/** A thread has what its leader has, unless its row says otherwise. */
function threadAsSeen(row: ProcessRow, thread: ThreadRow): SeenThread {
  return {
    tid: thread.tid,
    comm: thread.comm,
    uids: ids(thread.uids ?? row.uids),
    gids: ids(thread.gids ?? row.gids),
    noNewPrivileges: thread.noNewPrivileges ?? row.noNewPrivileges,
  };
}

function ids({ real, effective, saved, filesystem }: IdSet): string {
  return [real, effective, saved, filesystem].join('\t');
}

function byPid(a: SeenProcess, b: SeenProcess): number {
  return a.pid - b.pid;
}
