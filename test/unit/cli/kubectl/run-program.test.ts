import { afterAll, describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkProgram, startProgram } from '../../../../src/cli/kubectl/run-program.js';

const folder = mkdtempSync(join(tmpdir(), 'stasis-programs-'));
const none = join(folder, 'none');
writeFileSync(join(folder, 'good'), '#!/bin/sh\nexit 5\n');
chmodSync(join(folder, 'good'), 0o755);
writeFileSync(join(folder, 'plain'), 'text\n');
chmodSync(join(folder, 'plain'), 0o644);
mkdirSync(join(folder, 'folder'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (file: string, words: readonly string[] = []) =>
  startProgram({ file, arguments: words, environment: { ADDED: 'yes' } }, { PATH: '/usr/bin:/bin', OLD: 'yes' });

describe('checkProgram()', () => {
  test.each(['good', join(folder, 'good')])('%s can be started', async (file) => {
    expect(await checkProgram(file, `${none}:${folder}`)).toBeUndefined();
  });

  test.each([
    ['missing', true],
    [join(folder, 'missing'), true],
    [join(folder, 'good', 'below'), true],
    ['folder', false],
    [folder, false],
  ])('%s cannot (missing: %j)', async (file, missing) => {
    const checked = await checkProgram(file, `${none}:${folder}`);
    expect(checked).toMatchObject({ kind: 'unstarted', missing });
    expect(checked?.message.startsWith(`${file}: `)).toBe(true);
  });
});

describe('startProgram()', () => {
  test('the end of a program', async () => {
    expect(await start(join(folder, 'good')).ended).toEqual({ kind: 'exited', status: 5 });
    expect(await start('sh', ['-c', 'test "$ADDED$OLD" = yesyes']).ended).toEqual({ kind: 'exited', status: 0 });
    expect(await start('sh', ['-c', 'kill -9 $$']).ended).toEqual({ kind: 'killed', signal: 'SIGKILL', number: 9 });
  });

  test('a signal is sent, and does no harm after the end', async () => {
    const running = start('sleep', ['60']);
    running.send('SIGTERM');
    expect(await running.ended).toEqual({ kind: 'killed', signal: 'SIGTERM', number: 15 });
    running.send('SIGTERM');
  });

  test('a program that cannot be started', async () => {
    expect(await start('no-such-program').ended).toEqual({
      kind: 'unstarted',
      missing: true,
      message: 'no-such-program: command not found',
    });
    expect(await start(folder).ended).toMatchObject({ kind: 'unstarted', missing: false });
    expect(await start('true', ['a\0b']).ended).toMatchObject({ kind: 'unstarted', missing: false });
  });
});
