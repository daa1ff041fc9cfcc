/** Checks the bound of one second in the hardest case: ten thousand held threads, and no idle processor. */
import { cpus } from 'node:os';

import { afterEach, expect, test } from '@jest/globals';

import { cleanupAll } from './harness/cleanup.js';
import { startClient, startGuard } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';
import { descendantsOf, threadsOf, tracerPidOf } from './harness/tasks.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

const THREADS = 10_000;
const LONG = 60_000;
const BUSY_PER_CPU = 4;

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis-guard', (make) => {
    test(
      'releases ten thousand threads within a second of the death of their tracer, on a saturated machine',
      async () => {
        const cgroup = make('many');
        const tree = await startWorkload(cgroup, 'tree', [1, THREADS]);
        const tids = [tree.pid, ...descendantsOf(tree.pid)].flatMap(threadsOf);
        for (let i = 0; i < BUSY_PER_CPU * cpus().length; i++) await startWorkload(undefined, 'busy');
        const guard = await startGuard();
        const client = await startClient(guard, cgroup);
        expect(await client.say('announce 0 1000 60000')).toBe('ok');
        expect(await client.say('freeze')).toBe('ok');
        const seized = client.say('seize');
        const killed = await seized.then(() => {
          client.kill('SIGKILL');
          return Date.now();
        });
        const { time, thawMicroseconds = NaN } = await guard.logged('released', 10_000);
        // The tracer was dead by then, and so had nothing traced any more.
        const took = Date.parse(time) - killed;
        process.stdout.write(
          `${version}: ${tids.length} threads, ${await seized}: thawed and untraced ${took} ms after the kill, ` +
            `${thawMicroseconds} µs after the guard knew\n`,
        );
        expect(tids.length).toBeGreaterThan(THREADS);
        expect(took).toBeLessThan(1000);
        expect(cgroup.freezeState()).toBe('THAWED');
        expect(tids.filter((tid) => tracerPidOf(tid) !== 0)).toEqual([]);
      },
      LONG,
    );
  });
}
