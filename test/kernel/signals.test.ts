/** Checks that all signals that arrive while a process is held reach the process, once and in order. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from '@jest/globals';

import { describeWays, useTracer } from './harness/capturing.js';
import { cleanupAll } from './harness/cleanup.js';
import { readCounters, SIGNAL_COUNTERS } from './harness/counters.js';
import { scratchDirectory } from './harness/scratch.js';
import { startStasis } from './harness/stasis-command.js';
import { assertUntouched, stateOf, tracerPidOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 90_000;
const CAPTURES = 200;
/** The number of signals: sending them takes longer than 200 captures. The remaining signals are received after the captures. */
const SIGNALS = 20_000;
const SIGNAL_EVERY_US = 200;
const KILLS = 5;

const capturing = useTracer();
afterEach(cleanupAll);

/** The counters that must be zero at every moment, even while signals are still on their way. */
const CLEAN = { outOfOrder: 0n, duplicates: 0n, strangers: 0n };

describeWays('a capture', (make, { freezer }) => {
  test(
    'loses, doubles and reorders no signal, in 200 captures',
    async () => {
      const cgroup = make('signals');
      const file = join(scratchDirectory(), 'signals');
      const { pid } = await startWorkload(cgroup, 'signal-counter', [file, SIGNALS]);
      const sender = await startWorkload(undefined, 'signal-sender', [pid, SIGNALS, SIGNAL_EVERY_US]);
      for (let round = 0; round < CAPTURES; round++) {
        const report = await capturing.report(cgroup, { freezer, hold: round % 10 === 0 ? 10 : 0 });
        expect(report).toMatchObject({ failure: undefined, unfrozen: [], thawUnproved: [] });
        expect(cgroup.freezeState()).toBe('THAWED');
      }
      expect(readCounters(file, SIGNAL_COUNTERS).received).toBeGreaterThan(0n);
      await eventually('sent', () => sender.output().includes('sent'), 60_000);
      await eventually('all received', () => readCounters(file, SIGNAL_COUNTERS).received >= BigInt(SIGNALS));
      const counters = readCounters(file, SIGNAL_COUNTERS);
      expect(counters).toMatchObject({ ...CLEAN, received: BigInt(SIGNALS), lastPayload: BigInt(SIGNALS) });
      await assertUntouched([pid]);
    },
    LONG,
  );

  test(
    'that is SIGKILLed during its hold loses no signal, and everything runs again within a second',
    async () => {
      const cgroup = make('killed');
      const file = join(scratchDirectory(), 'signals');
      const { pid } = await startWorkload(cgroup, 'signal-counter', [file, SIGNALS]);
      const tree = await startWorkload(cgroup, 'tree', [3, 3]);
      const sender = await startWorkload(undefined, 'signal-sender', [pid, SIGNALS, SIGNAL_EVERY_US]);
      for (let round = 0; round < KILLS; round++) {
        const command = startStasis(['checkpoint', '--cgroup', cgroup.directory, '--freezer', freezer, '--hold', '5s']);
        await eventually('held', () => [pid, tree.pid].every((one) => stateOf(one) === 't'), 10_000);
        await sleep(20 * round);
        expect(tracerPidOf(pid)).toBeGreaterThan(0);
        process.kill(command.pid, 'SIGKILL');
        await assertUntouched(cgroup.processes());
        expect(cgroup.freezeState()).toBe('THAWED');
        expect((await command.ended).status).toBeNull();
      }
      await eventually('sent', () => sender.output().includes('sent'), 60_000);
      await eventually('all received', () => readCounters(file, SIGNAL_COUNTERS).received >= BigInt(SIGNALS));
      const counters = readCounters(file, SIGNAL_COUNTERS);
      expect(counters).toMatchObject({ ...CLEAN, received: BigInt(SIGNALS), lastPayload: BigInt(SIGNALS) });
    },
    LONG,
  );
});
