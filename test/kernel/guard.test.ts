/** Checks recoveries: an agent announces, freezes, and fails; only the guard can open the freezer. */
import { afterEach, expect, test } from '@jest/globals';

import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { startClient, startGuard, type Client } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { assertUntouched, descendantsOf, tracerPidOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

/** The bound of a recovery in this test, in milliseconds. The promise is 1 s, which `make chaos` checks, and an idle machine needs 1 ms; this machine may be busy. */
const RESCUE_MS = 3000;

function thawed(cgroup: Cgroup): Promise<void> {
  return eventually('the cgroup is thawed', () => cgroup.freezeState() === 'THAWED', RESCUE_MS);
}

/** Repeats the hello while the guard answers EBUSY: it sees the end of the thread before a moment later than the process does. */
async function helloOfNextThread(client: Client): Promise<void> {
  for (const since = performance.now(); (await client.say('hello')) !== 'ok';)
    if (performance.now() - since > RESCUE_MS) throw new Error('the guard refuses the next thread');
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis-guard', (make) => {
    test('thaws the cgroup of a killed agent and sees its tasks untraced', async () => {
      const cgroup = make('killed');
      const inner = cgroup.child('inner');
      const tree = await startWorkload(cgroup, 'tree', [2, 3]);
      const nested = await startWorkload(inner, 'sleeper');
      const pids = [tree.pid, ...descendantsOf(tree.pid), nested.pid];
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      expect(await client.say('announce 0 900 5000')).toBe('ok');
      expect(await client.say('freeze')).toBe('ok');
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      expect(await client.say('seize')).toBe('ok');
      client.kill('SIGKILL');
      await thawed(cgroup);
      const line = await guard.logged('released');
      expect(line).toMatchObject({
        cause: expect.stringMatching(/^(Agent|Thread)Died$/),
        outcome: 'Thawed',
        container: 0,
      });
      expect(line.thawMicroseconds).toBeLessThan(RESCUE_MS * 1000);
      await assertUntouched(pids);
    });

    test('opens the freezer of a stopped agent at the deadline, and ends the agent', async () => {
      const cgroup = make('stopped');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 200 60000');
      await client.say('freeze');
      client.kill('SIGSTOP');
      await client.died();
      expect(await guard.logged('released')).toMatchObject({ cause: 'FreezerDeadline', outcome: 'Thawed' });
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([sleeper.pid]);
    });

    test('leaves nothing frozen when the agent is stopped between announcing and writing, and continued after the thaw', async () => {
      const cgroup = make('between');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 150 60000');
      client.kill('SIGSTOP');
      client.tell('freeze');
      await guard.logged('agentKilled');
      client.kill('SIGCONT');
      expect(await guard.logged('released')).toMatchObject({ cause: 'FreezerDeadline' });
      await client.died();
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([sleeper.pid]);
    });

    test('acts after 1 s, whatever deadline the agent announces', async () => {
      const cgroup = make('bound');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 60000 60000');
      await client.say('freeze');
      const since = performance.now();
      await client.died(3000);
      await thawed(cgroup);
      expect(performance.now() - since).toBeLessThan(RESCUE_MS);
    });

    test('opens the late freezer of a thread that only lacks CPU time, and lets the process live', async () => {
      const cgroup = make('starved');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 200 60000');
      await client.say('freeze');
      // All commands are sent at once, so that the client is runnable even while this process waits for a CPU. The second `freeze`
      // plays an agent that writes FROZEN late: the guard opens the freezer again.
      const commands = ['spin 800', 'freeze', 'spin 300', 'opened 0', 'done'].map(async (one) => await client.say(one));
      await guard.logged('freezerLate');
      expect(await Promise.all(commands)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
      await thawed(cgroup);
      expect(guard.log().map(({ event }) => event)).not.toContain('agentKilled');
    });

    test('ends the process of a thread that spins for ever, although that thread is always runnable', async () => {
      const cgroup = make('spinning');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 200 60000');
      await client.say('freeze');
      client.tell('spin 60000');
      await client.died(10_000);
      await thawed(cgroup);
      expect(await guard.logged('agentKilled')).toMatchObject({ cause: 'FreezerDeadline' });
      // The time counts from the end of the process, not from the first thaw two seconds before.
      expect((await guard.logged('released')).thawMicroseconds).toBeLessThan(1_000_000);
      expect(guard.log().map(({ event }) => event)).not.toContain('releaseLate');
    });

    test('spares a thread that waits in the kernel where no signal reaches it, and opens meanwhile', async () => {
      const cgroup = make('waiting');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 200 60000');
      await client.say('freeze');
      const commands = ['wait-in-kernel 1000', 'opened 0', 'done'].map(async (one) => await client.say(one));
      await guard.logged('freezerLate');
      await thawed(cgroup);
      expect(await Promise.all(commands)).toEqual(['ok', 'ok', 'ok']);
      expect(guard.log().map(({ event }) => event)).not.toContain('agentKilled');
    });

    test('thaws for a process whose tracing thread has ended, and serves its next thread', async () => {
      const cgroup = make('thread');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 60000');
      await client.say('freeze');
      await client.say('seize');
      expect(await client.say('end-thread')).toBe('ok');
      expect(await guard.logged('released')).toMatchObject({ cause: 'ThreadDied', outcome: 'Thawed' });
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([sleeper.pid]);
      expect(await client.say('hello')).toBe('ok');
      expect(await client.say('announce 1 900 60000')).toBe('ok');
      expect([await client.say('opened 1'), await client.say('done')]).toEqual(['ok', 'ok']);
      expect(client.dead()).toBe(false);
    });

    test('says nothing of a tracing thread whose end is what lets the last tasks go', async () => {
      const cgroup = make('planned');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 60000');
      await client.say('freeze');
      await client.say('seize');
      await client.say('thaw');
      expect(await client.say('opened 0')).toBe('ok');
      await client.say('end-thread');
      await assertUntouched([sleeper.pid]);
      await helloOfNextThread(client);
      expect(await client.say('announce 0 900 60000')).toBe('ok');
      expect(guard.log().map(({ event }) => event)).toEqual(['ready']);
    });

    test('leaves alone a cgroup that somebody else freezes after its agent was seen to', async () => {
      const cgroup = make('later');
      await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 60000');
      await client.say('freeze');
      await client.say('end-thread');
      await guard.logged('released');
      cgroup.freeze();
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      await client.say('hello');
      client.kill('SIGKILL');
      await client.died();
      await guard.end('SIGTERM');
      expect(cgroup.freezeState()).toBe('FROZEN');
    });

    test('opens the freezer of an agent that cannot die because another of its threads waits for a hung disk', async () => {
      const cgroup = make('unkillable');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const directory = scratchDirectory();
      const server = await startWorkload(undefined, 'fuse-hang', [directory, 'read-later']);
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say(`hang /proc/${server.pid}/root${directory}/f`);
      // The reader is ended, so that the READ that the server never answers is a READ of the agent.
      process.kill(Number(/reader (\d+)/.exec(server.output())?.[1]), 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
      process.kill(server.pid, 'SIGUSR1');
      await eventually('the agent hangs', () => server.output().includes('hanging'));
      await client.say('announce 0 900 60000');
      await client.say('freeze');
      await client.say('seize');
      const since = performance.now();
      client.kill('SIGKILL');
      await thawed(cgroup);
      await assertUntouched([sleeper.pid]);
      expect(performance.now() - since).toBeLessThan(RESCUE_MS);
      expect(await guard.logged('released')).toMatchObject({ outcome: 'Thawed' });
      expect(client.dead()).toBe(false);
      server.stop();
      await client.died();
    });

    test('ends an agent that exceeds the deadline of the whole capture, so that the kernel releases its tasks', async () => {
      const cgroup = make('hold');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 200');
      await client.say('freeze');
      await client.say('seize');
      await client.say('thaw');
      expect(await client.say('opened 0')).toBe('ok');
      expect(tracerPidOf(sleeper.pid)).toBeGreaterThan(0);
      client.kill('SIGSTOP');
      const since = performance.now();
      await client.died();
      expect(performance.now() - since).toBeLessThan(RESCUE_MS);
      expect(await guard.logged('agentKilled')).toMatchObject({ cause: 'HoldDeadline' });
      expect(guard.log().map(({ event }) => event)).not.toContain('released');
      await assertUntouched([sleeper.pid]);
    });

    test('keeps the deadline of a capture that closes no freezer', async () => {
      const cgroup = make('none');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup, { version: 'none' });
      expect(await client.say('announce 0 0 100')).toBe('ok');
      await client.died();
      expect(await guard.logged('agentKilled')).toMatchObject({ cause: 'HoldDeadline' });
      await assertUntouched([sleeper.pid]);
    });

    test('settles a capture whose cgroup vanishes', async () => {
      const cgroup = make('vanishing');
      const guard = await startGuard();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 5000');
      cgroup.remove();
      client.kill('SIGKILL');
      expect(await guard.logged('released')).toMatchObject({ outcome: 'CgroupGone' });
    });
  });
}
