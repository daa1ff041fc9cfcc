/** A pod that makes reading about its tasks expensive: the guard must not be slow for others because of it. */
import { afterEach, expect, test } from '@jest/globals';

import { cleanupAll } from './harness/cleanup.js';
import { startClient, startGuard } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';
import { assertUntouched } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

const PROCESSES = 100;
/** NGROUPS_MAX: with it the kernel needs 18 ms for one /proc/PID/status, and for those of all processes more than 2 s. */
const GROUPS = 65_536;
const DEADLINE_MS = 300;
/** Milliseconds on top of the deadline: a noisy machine, and far less than 2 s. */
const LATE_MS = 1000;
const LONG = 60_000;

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis-guard', (make) => {
    test(
      'keeps the deadline of one agent while it releases 100 processes with 65,536 groups each of another',
      async () => {
        const crowded = make('crowd');
        const other = make('other');
        await startWorkload(other, 'sleeper');
        // Started last, so that it is ended first: ending a workload reads the status of every process of the machine.
        const crowd = await startWorkload(crowded, 'crowd', [PROCESSES, GROUPS]);
        const guard = await startGuard();
        const killed = await startClient(guard, crowded);
        const stopped = await startClient(guard, other);
        expect(await killed.say('announce 0 900 60000')).toBe('ok');
        expect([await killed.say('freeze'), await killed.say('seize')]).toEqual(['ok', 'ok']);
        expect([await stopped.say(`announce 0 ${DEADLINE_MS} 60000`), await stopped.say('freeze')]).toEqual([
          'ok',
          'ok',
        ]);
        const since = performance.now();
        stopped.kill('SIGSTOP');
        killed.kill('SIGKILL');
        await eventually('the other is thawed', () => other.freezeState() === 'THAWED', LONG);
        expect(performance.now() - since).toBeLessThan(DEADLINE_MS + LATE_MS);
        await eventually('the crowd is thawed', () => crowded.freezeState() === 'THAWED');
        // All of them would take the reader of these files as long as they took the guard.
        await assertUntouched([crowd.pid]);
      },
      LONG,
    );
  });
}
