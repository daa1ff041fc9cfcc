/** Cgroups whose tasks fork, clone, exec and vfork all the time: once held, not one of them runs. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from '@jest/globals';

import type { CaptureReport } from '../../src/node-agent/report/report.js';
import { describeWays, useTracer } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { assertUntouched } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const CAPTURES = 30;
const LONG = 90_000;
const HOLD_MS = 40;
/** Within the hold at least so long nothing but held tasks was seen: less than the hold, as the looks take turns with it. */
const HELD_MS = 8;
/** A seize without freezer may look complete between two of its passes: what counts begins so long after the first such look. */
const SETTLED_MS = 12;

const capturing = useTracer();
afterEach(cleanupAll);

/** One look at every listed task. */
interface Look {
  readonly at: number;
  readonly tids: readonly number[];
  /** Tasks that no tracer has, or that have one and are not stopped. */
  readonly loose: readonly { readonly tid: number; readonly traced: boolean; readonly state: string }[];
}

function look(cgroup: Cgroup): Look {
  const at = performance.now();
  const tasks = cgroup.threads().map((tid) => {
    const status = statusOf(tid);
    const state = /^State:\t(\S)/m.exec(status)?.[1] ?? 'X';
    return { tid, state, traced: !/^TracerPid:\t0$/m.test(status) };
  });
  // The dead are held by nobody, and may be listed for a moment.
  const alive = tasks.filter(({ state }) => state !== 'X' && state !== 'Z');
  const loose = alive.filter(({ traced, state }) => !traced || state !== 't');
  return { at, tids: alive.map(({ tid }) => tid), loose };
}

function statusOf(tid: number): string {
  try {
    return readFileSync(`/proc/${tid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** Looks all the time while a capture runs. The tracing thread is another one: it holds while we look. */
async function captureWatched(
  cgroup: Cgroup,
  freezer: 'auto' | 'none',
): Promise<{ report: CaptureReport; looks: Look[] }> {
  const looks: Look[] = [];
  const progress = { ended: false };
  const capture = capturing.report(cgroup, { freezer, hold: HOLD_MS }).finally(() => {
    progress.ended = true;
  });
  while (!progress.ended) {
    looks.push(look(cgroup));
    await sleep(1);
  }
  return { report: await capture, looks };
}

/** The longest run of looks in which every task was held, or is one that the report says the kernel holds. */
function longestHeld(looks: readonly Look[], report: CaptureReport): Look[] {
  const excused = new Set(report.unfrozen.filter((task) => task.cause !== 'Unknown').map((task) => task.tid));
  const isHeld = ({ tids, loose }: Look): boolean =>
    tids.length > 0 && loose.every(({ tid, traced }) => traced && excused.has(tid));
  let longest: Look[] = [];
  let current: Look[] = [];
  for (const one of looks) {
    current = isHeld(one) ? [...current, one] : [];
    if (current.length > longest.length) longest = current;
  }
  // The looks at both ends may have begun before the last stop, and ended after the release.
  return longest.slice(1, -1);
}

/** Milliseconds between two looks. */
function longestGap(looks: readonly Look[]): number {
  return looks.slice(1).reduce((longest, { at }, index) => Math.max(longest, at - (looks[index]?.at ?? at)), 0);
}

describeWays('capture()', (make, { freezer }) => {
  test.each(['fork-storm', 'clone-storm', 'exec-storm', 'vfork-storm'])(
    'holds every task of %s, and lets every one go',
    async (storm) => {
      const cgroup = make(storm);
      await startWorkload(cgroup, storm);
      let starved = 0;
      for (let round = 0; round < CAPTURES; round++) {
        const { report, looks } = await captureWatched(cgroup, freezer);
        expect(report).toMatchObject({ failure: undefined, thawUnproved: [] });
        // A task that was found during the hold had escaped before it.
        expect(report.joined).toBe(0);
        const held = longestHeld(looks, report);
        const span = (held.at(-1)?.at ?? 0) - (held[0]?.at ?? 0);
        // Whoever looks has to get a CPU in the hold, too, among all those who want one after it.
        if (span < SETTLED_MS + HELD_MS && longestGap(looks) > HELD_MS && starved < CAPTURES) {
          starved += 1;
          round -= 1;
          continue;
        }
        if (span < SETTLED_MS + HELD_MS)
          throw new Error(`round ${round}: held for ${span} ms of ${HOLD_MS}: ${describeLooks(looks)}`);
        // Surely within the hold. The end is not: to let a vfork parent go takes milliseconds, in which its child may exit.
        const since = (held[0]?.at ?? 0) + SETTLED_MS;
        const within = held.filter(({ at }) => at >= since && at <= since + HELD_MS);
        const { tids: first = [] } = within[0] ?? {};
        const excused = report.unfrozen.map(({ tid }) => tid);
        // Who is held neither forks nor ends. A task that the kernel holds may die when it lets go.
        for (const { tids } of within) {
          expect(tids.filter((tid) => !first.includes(tid))).toEqual([]);
          expect(first.filter((tid) => !tids.includes(tid) && !excused.includes(tid))).toEqual([]);
        }
        expect(cgroup.freezeState()).toBe('THAWED');
        await eventually('nobody is traced', () => look(cgroup).loose.every(({ traced }) => !traced));
      }
      await assertUntouched(cgroup.processes());
      const before = new Set(cgroup.threads());
      await eventually('it still storms', () => cgroup.threads().some((tid) => !before.has(tid)));
    },
    LONG,
  );
});

function describeLooks(looks: readonly Look[]): string {
  const loose = (one: Look): string =>
    one.loose.map(({ tid, traced, state }) => `${tid}${state}${traced ? '+' : '-'}`).join(',');
  return looks.map((one) => `${one.at.toFixed(1)}:${one.tids.length}[${loose(one)}]`).join(' ');
}
