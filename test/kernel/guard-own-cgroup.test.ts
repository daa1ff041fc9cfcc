/** Checks what the guard does about an agent that does not die because another tool has frozen the agent's own v1 cgroup. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { cleanupAll } from './harness/cleanup.js';
import { startClient, startGuard } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

/** The bound of a recovery in this test, in milliseconds; this machine may be busy. */
const RESCUE_MS = 3000;
/** Milliseconds: the guard thaws the cgroup of an agent that has not died after 50 ms. */
const PATIENCE_MS = 300;
/** Bytes that one read of a list in cgroupfs returns at most. */
const PAGE = 4096;

describeOn('v1', 'stasis-guard', (make) => {
  test('thaws the cgroup of the agent itself when that cgroup keeps the agent from dying', async () => {
    const cgroup = make('target');
    const home = make('home');
    await startWorkload(cgroup, 'sleeper');
    const guard = await startGuard();
    const client = await startClient(guard, cgroup, { hello: false });
    home.add(client.pid);
    expect(await client.say(`own ${home.directory}`)).toBe('ok');
    await client.say('announce 0 300 5000');
    await client.say('freeze');
    home.freeze();
    await eventually('the agent is frozen', () => home.freezeState() === 'FROZEN');
    await client.died(3000);
    await guard.logged('agentCgroupThawed');
    expect(await guard.logged('released')).toMatchObject({ cause: 'FreezerDeadline', outcome: 'Thawed' });
    expect(guard.log().map(({ event }) => event)).not.toContain('freezerLate');
    expect(cgroup.freezeState()).toBe('THAWED');
  });

  test('finds the agent in its own cgroup behind more processes than one read lists', async () => {
    const cgroup = make('target');
    const home = make('crowded');
    await startWorkload(cgroup, 'sleeper');
    await startWorkload(home, 'crowd', [1000]);
    const guard = await startGuard();
    const client = await startClient(guard, cgroup, { hello: false });
    home.add(client.pid);
    expect(readFileSync(join(home.directory, 'cgroup.procs'), 'utf8').indexOf(`\n${client.pid}\n`)).toBeGreaterThan(
      PAGE,
    );
    expect(await client.say(`own ${home.directory}`)).toBe('ok');
    await client.say('announce 0 300 5000');
    await client.say('freeze');
    home.freeze();
    await eventually('the agent is frozen', () => home.freezeState() === 'FROZEN');
    await client.died(RESCUE_MS);
    await guard.logged('agentCgroupThawed');
    expect(cgroup.freezeState()).toBe('THAWED');
  });

  test('leaves a frozen cgroup alone that the agent is no longer in', async () => {
    const cgroup = make('target');
    const home = make('left');
    const elsewhere = make('elsewhere');
    await startWorkload(cgroup, 'sleeper');
    const guard = await startGuard();
    const client = await startClient(guard, cgroup, { hello: false });
    expect(await client.say(`own ${home.directory}`)).toBe('ok');
    elsewhere.add(client.pid);
    await client.say('announce 0 200 5000');
    await client.say('freeze');
    home.freeze();
    elsewhere.freeze();
    await guard.logged('agentKilled');
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    expect([cgroup.freezeState(), home.freezeState(), client.dead()]).toEqual(['THAWED', 'FROZEN', false]);
    elsewhere.thaw();
    await client.died(RESCUE_MS);
    await guard.logged('released');
    expect(home.freezeState()).toBe('FROZEN');
  });
});
