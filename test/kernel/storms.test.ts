/** Cgroups whose tasks fork, clone, exec and vfork all the time: once held, not one of them runs. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from '@jest/globals';

import type { CaptureReport } from '../../src/node-agent/report.js';
import { describeWays, useTracer } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { assertUntouched } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const CAPTURES = 30;
const LONG = 90_000;
const HOLD_MS = 20;
/** Within the hold at least so long nothing but held tasks was seen: less than the hold, as the looks take turns with it. */
const HELD_MS = 8;

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
  const tids = cgroup.threads();
  const loose = tids.flatMap((tid) => {
    const status = statusOf(tid);
    const state = /^State:\t(\S)/m.exec(status)?.[1] ?? 'X';
    const traced = !/^TracerPid:\t0$/m.test(status);
    // The dead are held by nobody, and may be listed for a moment.
    return state === 'X' || state === 'Z' || (traced && state === 't') ? [] : [{ tid, traced, state }];
  });
  return { at, tids, loose };
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
  let ended = false;
  const capture = capturing.report(cgroup, { freezer, hold: HOLD_MS }).finally(() => {
    ended = true;
  });
  while (!ended) {
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
  return longest;
}

describeWays('capture()', (make, { freezer }) => {
  test.each(['fork-storm', 'clone-storm', 'exec-storm', 'vfork-storm'])(
    'holds every task of %s, and lets every one go',
    async (storm) => {
      const cgroup = make(storm);
      await startWorkload(cgroup, storm);
      for (let round = 0; round < CAPTURES; round++) {
        const { report, looks } = await captureWatched(cgroup, freezer);
        expect(report).toMatchObject({ failure: undefined, thawUnproved: [] });
        // A task that was found during the hold had escaped before it.
        expect(report.joined).toBe(0);
        const held = longestHeld(looks, report);
        const span = (held.at(-1)?.at ?? 0) - (held[0]?.at ?? 0);
        if (span < HELD_MS) throw new Error(`round ${round}: held for ${span} ms of ${HOLD_MS}: ${describeLooks(looks)}`);
        for (const { tids } of held) expect([...tids].sort()).toEqual([...(held[0]?.tids ?? [])].sort());
        expect(cgroup.freezeState()).toBe('THAWED');
        await eventually('nobody is traced', () => look(cgroup).loose.every(({ traced }) => !traced), 200);
      }
      await assertUntouched(cgroup.processes(), 500);
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
