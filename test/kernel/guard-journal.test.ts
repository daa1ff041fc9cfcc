/** Checks the journal, which outlives its guard, and the next guard, which reads the journal. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { openGuard } from '../../src/native/guard-channel.js';
import type { Guard, Recovered } from '../../src/native/guard.js';
import { openLibc } from '../../src/native/libc.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import {
  editJournal,
  journalOf,
  RECORD,
  startClient,
  startGuard,
  type Client,
  type RunningGuard,
} from './harness/guard.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { assertUntouched } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

interface Left {
  readonly state: string;
  readonly journal: string;
  readonly client: Client;
}

/** Leaves a frozen cgroup and a journal without a guard. The agent is dead too, unless it shall live. */
async function leave(cgroup: Cgroup, agent: 'dead' | 'alive'): Promise<Left> {
  const guard = await startGuard();
  const client = await startClient(guard, cgroup);
  await client.say('announce 3 900 60000');
  await client.say('freeze');
  await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
  const journal = journalOf(guard);
  await guard.end('SIGKILL');
  if (agent === 'dead') {
    client.kill('SIGKILL');
    await client.died();
  }
  return { state: guard.state, journal, client };
}

/** Returns the recoveries that the guard reports to this process as its agent. */
function recoveredOf(guard: RunningGuard, acknowledge: boolean): readonly Recovered[] {
  const channel = openGuard(openLibc(), { socket: guard.socket }, { pid: process.pid, tid: process.pid });
  if (typeof channel === 'number') throw new Error(`the guard is not to be reached: ${channel}`);
  const recovered = channel.recovered();
  if (typeof recovered === 'number') throw new Error(`nothing is told: ${recovered}`);
  if (acknowledge) for (const one of recovered) acknowledged(channel, one);
  channel.close();
  return recovered;
}

function acknowledged(channel: Guard, one: Recovered): void {
  if (channel.acknowledge(one.capture, one.container) !== 0) throw new Error('it does not know what it told');
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'a journal', (make) => {
    test('leads the next guard to the frozen cgroup, before that guard serves anyone', async () => {
      const cgroup = make('left');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const { state, journal } = await leave(cgroup, 'dead');
      expect(cgroup.freezeState()).toBe('FROZEN');
      const next = await startGuard({ state });
      expect(cgroup.freezeState()).toBe('THAWED');
      expect(next.log().map(({ event }) => event)).toEqual(['recordFound', 'released', 'ready']);
      expect(existsSync(journal)).toBe(false);
      expect(recoveredOf(next, false)).toMatchObject([{ container: 3, outcome: 'Thawed', cause: 'GuardDied' }]);
      await assertUntouched([sleeper.pid]);
    });

    test('keeps a recovery until an agent has acknowledged it, also when guards die', async () => {
      const cgroup = make('kept');
      await startWorkload(cgroup, 'sleeper');
      const { state } = await leave(cgroup, 'dead');
      const second = await startGuard({ state });
      await second.end('SIGKILL');
      const third = await startGuard({ state });
      await third.end('SIGTERM');
      const fourth = await startGuard({ state });
      expect(recoveredOf(fourth, true)).toMatchObject([{ container: 3, outcome: 'Thawed', cause: 'GuardDied' }]);
      expect(recoveredOf(fourth, false)).toEqual([]);
      await fourth.end('SIGTERM');
      expect(readdirSync(state).filter((name) => name.endsWith('.journal'))).toEqual([]);
    });

    test('does not lead to another cgroup that was made at the same path', async () => {
      const parent = make('anew');
      const cgroup = parent.child('same');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const { state } = await leave(cgroup, 'dead');
      cgroup.thaw();
      sleeper.stop();
      rmdirSync(cgroup.directory);
      mkdirSync(cgroup.directory);
      await startWorkload(cgroup, 'sleeper');
      cgroup.freeze();
      await eventually('frozen', () => cgroup.freezeState() === 'FROZEN');
      const next = await startGuard({ state });
      expect(cgroup.freezeState()).toBe('FROZEN');
      expect(next.log()[0]).toMatchObject({ event: 'recordOfGoneCgroup' });
      expect(recoveredOf(next, false)).toMatchObject([{ outcome: 'CgroupGone' }]);
    });

    test('is kept by a guard that does not see that part of the file system', async () => {
      const cgroup = make('unseen');
      await startWorkload(cgroup, 'sleeper');
      const { state, journal } = await leave(cgroup, 'dead');
      const before = ['unshare', '--mount', 'sh', '-c', 'umount -l "$1" && shift && exec "$@"', 'sh', mountOf(cgroup)];
      const blind = await startGuard({ state, before });
      expect(blind.log()[0]).toMatchObject({ event: 'recordOfUnseenCgroup' });
      await blind.end('SIGTERM');
      expect([cgroup.freezeState(), existsSync(journal)]).toEqual(['FROZEN', true]);
      await startGuard({ state });
      expect([cgroup.freezeState(), existsSync(journal)]).toEqual(['THAWED', false]);
    });

    test('is not trusted where a record is torn', async () => {
      const cgroup = make('torn');
      await startWorkload(cgroup, 'sleeper');
      const { state, journal } = await leave(cgroup, 'dead');
      const bytes = readFileSync(journal);
      editJournal(journal, () => undefined);
      expect(readFileSync(journal)).toEqual(bytes);
      tear(journal);
      const next = await startGuard({ state });
      expect(cgroup.freezeState()).toBe('FROZEN');
      expect(next.log()[0]).toMatchObject({ event: 'recordTorn' });
      expect([recoveredOf(next, false), existsSync(journal)]).toEqual([[], false]);
    });

    test('of an earlier boot leads to nothing', async () => {
      const cgroup = make('boot');
      await startWorkload(cgroup, 'sleeper');
      const { state, journal } = await leave(cgroup, 'dead');
      editJournal(journal, (record) => record.fill(0xab, RECORD.boot, RECORD.boot + 16));
      const next = await startGuard({ state });
      expect(cgroup.freezeState()).toBe('FROZEN');
      expect(recoveredOf(next, false)).toMatchObject([{ outcome: 'Rebooted' }]);
      expect(existsSync(journal)).toBe(false);
    });

    test('makes the next guard end a living agent that does not say that it has rolled back', async () => {
      const cgroup = make('silent');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const { state, client } = await leave(cgroup, 'alive');
      client.kill('SIGSTOP');
      const next = await startGuard({ state });
      await eventually('thawed', () => cgroup.freezeState() === 'THAWED');
      await client.died();
      await next.logged('released');
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([sleeper.pid]);
    });

    test('makes the next guard spare an agent whose tracing thread has ended', async () => {
      const cgroup = make('ended');
      const sleeper = await startWorkload(cgroup, 'sleeper');
      const { state, client } = await leave(cgroup, 'alive');
      expect(await client.say('end-thread')).toBe('ok');
      const next = await startGuard({ state });
      expect(cgroup.freezeState()).toBe('THAWED');
      expect(next.log()[1]).toMatchObject({ event: 'released', cause: 'GuardDied', outcome: 'Thawed' });
      await assertUntouched([sleeper.pid]);
      expect([await client.say(`connect ${next.socket}`), await client.say('hello')]).toEqual(['ok', 'ok']);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect([client.dead(), next.log().some(({ event }) => event === 'agentKilled')]).toEqual([false, false]);
      expect(await client.say('announce 0 900 5000')).toBe('ok');
      expect([await client.say('opened 0'), await client.say('done')]).toEqual(['ok', 'ok']);
    });
  });
}

/** Returns the directory on which the file system of the cgroup is mounted. */
function mountOf(cgroup: Cgroup): string {
  let directory = cgroup.directory;
  while (statSync(dirname(directory)).dev === statSync(directory).dev) directory = dirname(directory);
  return directory;
}

/** Damages a record as half a write would: the checksum no longer fits the end of the record. */
function tear(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xff, RECORD.path + 1, RECORD.size - 1);
  writeFileSync(path, bytes);
}

describeOn(anyVersion(), 'two guards of one state folder', (make) => {
  test('take turns with --exclusive: the second recovers when the first has died', async () => {
    const cgroup = make('turns');
    const sleeper = await startWorkload(cgroup, 'sleeper');
    const first = await startGuard({ exclusive: true });
    const second = await startGuard({ state: first.state, exclusive: true, ready: false });
    await second.logged('waitingForLock');
    const client = await startClient(first, cgroup);
    await client.say('announce 0 900 60000');
    await client.say('freeze');
    await first.end('SIGKILL');
    client.kill('SIGKILL');
    await second.logged('ready');
    expect(cgroup.freezeState()).toBe('THAWED');
    await assertUntouched([sleeper.pid]);
  });

  test("leave each other's journals alone", async () => {
    const cgroup = make('both');
    await startWorkload(cgroup, 'sleeper');
    const first = await startGuard();
    const client = await startClient(first, cgroup);
    await client.say('announce 0 900 60000');
    const second = await startGuard({ state: first.state, socket: join(first.state, 'second.sock') });
    expect(second.log().map(({ event }) => event)).toEqual(['ready']);
    expect(existsSync(journalOf(first))).toBe(true);
    expect([await client.say('opened 0'), await client.say('done')]).toEqual(['ok', 'ok']);
  });
});
