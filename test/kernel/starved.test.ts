/** Captures tasks that hardly get CPU time: they can freeze and stop, but take seconds to do so. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

import { afterEach, expect, test } from '@jest/globals';

import { useTracer } from './harness/capturing.js';
import { cleanupAll } from './harness/cleanup.js';
import { describeOn } from './harness/requirements.js';
import { assertUntouched } from './harness/tasks.js';
import { startWorkload } from './harness/workload.js';

const LONG = 110_000;
const TASKS = 8;
const BUSY_PER_CPU = 3;
/** The most captures that are tried. About every second capture is complete before its freezer has been closed for 0.8 s. */
const ATTEMPTS = 20;

const capturing = useTracer();
afterEach(cleanupAll);

/** Gives the task the policy SCHED_IDLE: a CPU share of 3, where every other task has 1024 (sched(7)). */
function makeIdle(pid: number): void {
  const run = spawnSync('chrt', ['--idle', '--pid', '0', String(pid)], { encoding: 'utf8' });
  expect([run.stderr, run.status]).toEqual(['', 0]);
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'capture()', (make) => {
    test(
      'holds tasks that do not freeze within the freezer window, with the freezer open',
      async () => {
        const cgroup = make('starved');
        const pids: number[] = [];
        for (let i = 0; i < TASKS; i++) pids.push((await startWorkload(cgroup, 'busy')).pid);
        for (let i = 0; i < BUSY_PER_CPU * cpus().length; i++) await startWorkload(undefined, 'busy');
        pids.forEach(makeIdle);
        let wentOn = false;
        for (let attempt = 0; attempt < ATTEMPTS && !wentOn; attempt++) {
          const report = await capturing.report(cgroup, { timeout: 30_000 });
          expect(report).toMatchObject({ failure: undefined, threads: TASKS, unfrozen: [], thawUnproved: [] });
          expect(cgroup.freezeState()).toBe('THAWED');
          wentOn = report.containers[0]?.freezer === 'None';
        }
        expect(wentOn).toBe(true);
        await assertUntouched(pids, 20_000);
      },
      LONG,
    );
  });
}
