/** Checks the guard by itself: who may speak to it, how much memory it takes, and the laws of its state machine. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { cleanupAll } from './harness/cleanup.js';
import { journalOf, startClient, startGuard } from './harness/guard.js';
import { programPath } from './harness/programs.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { statusField } from './harness/tasks.js';

afterEach(cleanupAll);

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

describeOn(anyVersion(), 'stasis-guard', (make) => {
  test('keeps others out: folder, socket and journal are accessible to its user only', async () => {
    const guard = await startGuard();
    expect([mode(guard.state), mode(guard.socket), mode(journalOf(guard))]).toEqual([0o700, 0o600, 0o600]);
    expect(statSync(join(guard.state, 'lock'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test('refuses another capture of an announced cgroup', async () => {
    const cgroup = make('twice');
    const guard = await startGuard();
    const one = await startClient(guard, cgroup);
    const other = await startClient(guard, cgroup);
    expect(await one.say('announce 0 900 5000')).toBe('ok');
    expect(await other.say('announce 0 900 5000')).toBe('EBUSY');
    expect([await one.say('opened 0'), await one.say('done')]).toEqual(['ok', 'ok']);
    expect(await other.say('announce 0 900 5000')).toBe('ok');
    expect([await other.say('opened 0'), await other.say('done')]).toEqual(['ok', 'ok']);
  });
});

describe('stasis-guard', () => {
  test('uses less than 5 MB of memory, all of it locked', async () => {
    const guard = await startGuard();
    const kilobytes = (field: string): number => Number.parseInt(statusField(guard.pid, field) ?? '', 10);
    expect(kilobytes('VmHWM')).toBeLessThan(5000);
    expect(kilobytes('VmLck')).toBeGreaterThan(0);
  });

  test('obeys the laws of its state machine in every state', () => {
    const { status, stdout } = spawnSync(programPath('guard-step'), { encoding: 'utf8' });
    expect([stdout.replace(/\d+/, 'N'), status]).toEqual(['ok N\n', 0]);
  });
});
