/** Checks which folders the guard accepts, and what it refuses where it cannot write its journal. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { journalOf, startClient, startGuard, type LogLine } from './harness/guard.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { eventually } from './harness/waiting.js';

afterEach(cleanupAll);

/** Mounts a tmpfs at $1 in a mount namespace of the guard, with the options $2. With `full` as $3 the tmpfs is filled to the last byte. */
const MOUNT =
  'mount -t tmpfs -o "$2" none "$1" && { [ "$3" != full ] || cat /dev/zero > "$1/fill" 2>/dev/null; shift 3; exec "$@"; }';

async function announceOn(options: string, full: 'full' | 'empty', cgroup: Cgroup): Promise<string> {
  const state = join(scratchDirectory(), 'state');
  const socket = join(scratchDirectory(), 'guard.sock');
  mkdirSync(state, { mode: 0o700 });
  const before = ['unshare', '--mount', 'sh', '-c', MOUNT, 'sh', state, options, full];
  const client = await startClient(await startGuard({ state, socket, before, exclusive: true }), cgroup);
  return await client.say('announce 0 900 5000');
}

describeOn(anyVersion(), 'an announcement', (make) => {
  test('is refused when the disk is full', async () => {
    expect(await announceOn('size=16k,mode=0700', 'full', make('full'))).toBe('ENOSPC');
  });

  test('is refused when the state folder is read-only', async () => {
    expect(await announceOn('ro,mode=0700', 'empty', make('read-only'))).toBe('EROFS');
  });

  test('is accepted when the journal is gone, and refused when the state folder is gone', async () => {
    const cgroup = make('gone');
    const socket = join(scratchDirectory(), 'guard.sock');
    const guard = await startGuard({ socket });
    const client = await startClient(guard, cgroup);
    renameSync(journalOf(guard), `${socket}.moved`);
    rmSync(`${socket}.moved`);
    expect([await client.say('announce 0 900 5000'), existsSync(journalOf(guard))]).toEqual(['ok', true]);
    expect([await client.say('opened 0'), await client.say('done')]).toEqual(['ok', 'ok']);
    rmSync(guard.state, { recursive: true });
    expect(await client.say('announce 0 900 5000')).toBe('ENOENT');
  });
});

describe.each(['state', 'socket'] as const)('the folder of the %s', (which) => {
  async function startIn(folder: string): Promise<LogLine> {
    const own = join(scratchDirectory(), 'own');
    const state = which === 'state' ? folder : own;
    const socket = join(which === 'socket' ? folder : own, 'guard.sock');
    const guard = await startGuard({ state, socket, ready: false });
    await eventually('the guard says something', () => guard.log().length > 0);
    return guard.log()[0] ?? { event: 'nothing', time: '' };
  }

  test('is refused when it is a link', async () => {
    const directory = scratchDirectory();
    mkdirSync(join(directory, 'real'));
    symlinkSync('real', join(directory, 'link'));
    expect(await startIn(join(directory, 'link'))).toMatchObject({ event: 'cannotStart' });
  });

  test.each([0o1777, 0o775, 0o702])(
    'is refused when others can write to it (mode %o), and keeps its mode',
    async (mode) => {
      const folder = join(scratchDirectory(), 'shared');
      mkdirSync(folder);
      chmodSync(folder, mode);
      expect(await startIn(folder)).toMatchObject({
        event: 'cannotStart',
        subject: which === 'state' ? folder : join(folder, 'guard.sock'),
        error: expect.stringContaining('others than its owner can write to it'),
      });
      expect(statSync(folder).mode & 0o7777).toBe(mode);
    },
  );

  test('is refused when another user owns it', async () => {
    const folder = join(scratchDirectory(), 'foreign');
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, 12_345, 12_345);
    expect(await startIn(folder)).toMatchObject({ event: 'cannotStart', error: 'belongs to another user' });
  });

  test.each([
    ['is closed to others when it is empty, as when a container runtime has made it', false, 0o700],
    ['keeps its mode when it holds something and only root can write to it', true, 0o755],
  ])('%s', async (_, used, mode) => {
    const folder = join(scratchDirectory(), 'readable');
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    if (used) writeFileSync(join(folder, 'of-somebody'), '');
    expect(await startIn(folder)).toMatchObject({ event: 'ready' });
    expect(statSync(folder).mode & 0o7777).toBe(mode);
  });

  test('is made for root alone when it is missing', async () => {
    const folder = join(scratchDirectory(), 'missing');
    expect(await startIn(folder)).toMatchObject({ event: 'ready' });
    expect(statSync(folder).mode & 0o7777).toBe(0o700);
  });
});
