/** Checks how the guard reacts to what an agent says about its freezers, and to SIGTERM. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from '@jest/globals';

import { cleanupAll } from './harness/cleanup.js';
import { startClient, startGuard } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';
import { assertUntouched } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

const PAST_ITS_DEADLINE_MS = 600;

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis-guard', (make) => {
    test('refuses a cgroup that it finds frozen, and never thaws it', async () => {
      const cgroup = make('found');
      await startWorkload(cgroup, 'sleeper');
      cgroup.freeze();
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      expect(await client.say('announce 0 900 5000')).toBe('EALREADY');
      client.kill('SIGKILL');
      await client.died();
      await guard.end('SIGTERM');
      expect(cgroup.freezeState()).toBe('FROZEN');
    });

    test('leaves alone a freezer that an agent disowns, whatever its state', async () => {
      const cgroup = make('disowned');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 300 5000');
      cgroup.freeze();
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      expect([await client.say('opened 0'), await client.say('disowned 0')]).toEqual(['EBUSY', 'ok']);
      await sleep(PAST_ITS_DEADLINE_MS);
      expect(client.dead()).toBe(false);
      expect(await client.say('done')).toBe('ok');
      client.kill('SIGKILL');
      await client.died();
      await guard.end('SIGTERM');
      expect(cgroup.freezeState()).toBe('FROZEN');
    });

    test('does not believe an agent that calls a closed freezer open', async () => {
      const cgroup = make('lie');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 5000');
      await client.say('freeze');
      expect([await client.say('opened 0'), await client.say('done')]).toEqual(['EBUSY', 'EBUSY']);
      await client.say('thaw');
      expect([await client.say('opened 0'), await client.say('done')]).toEqual(['ok', 'ok']);
    });

    test('on SIGTERM thaws, ends the process that could close the freezer again, and then ends itself', async () => {
      const cgroup = make('term');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 500 5000');
      await client.say('freeze');
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      const ended = guard.end('SIGTERM');
      await eventually('thawed', () => cgroup.freezeState() === 'THAWED');
      await ended;
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([sleeper.pid]);
    });

    test('on SIGTERM waits only as long as an agent needs to open in time', async () => {
      const cgroup = make('term-kind');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 5000');
      const ended = guard.end('SIGTERM');
      expect(await client.say('opened 0')).toBe('ok');
      await ended;
      expect(client.dead()).toBe(false);
      expect(readdirSync(guard.state).filter((name) => name.endsWith('.journal'))).toEqual([]);
    });
  });
}
