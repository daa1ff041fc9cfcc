/** scripts/check.sh with an npm and a make that only note what they were asked, and fail where the test wants. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** In milliseconds: each test starts processes, and on a busy machine a start can take seconds. */
jest.setTimeout(60_000);

const STEPS = ['src/guard/guard.mk', 'build', 'lint', 'format:check', 'laws', 'test:unit'];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-check-'));
  const script = `#!/bin/sh\nfor last; do :; done\necho "$last" >> ${folder}/ran\ncase " $FAIL " in *" $last "*) exit 3 ;; esac\n`;
  for (const name of ['npm', 'make']) writeFileSync(join(folder, name), script, { mode: 0o755 });
});

afterEach(() => rmSync(folder, { recursive: true }));

function check(...fail: string[]): { status: number | null; stderr: string; ran: string[] } {
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, FAIL: fail.join(' ') };
  const { status, stderr } = spawnSync('sh', [join(REPOSITORY, 'scripts/check.sh')], { encoding: 'utf8', env });
  return { status, stderr, ran: readFileSync(join(folder, 'ran'), 'utf8').trim().split('\n') };
}

test('scripts/check.sh runs every step, and succeeds where each succeeds', () => {
  expect(check()).toEqual({ status: 0, stderr: '', ran: STEPS });
});

test('scripts/check.sh runs every step also after failures, names each that failed, and fails', () => {
  const { status, stderr, ran } = check('build', 'format:check');
  expect({ status, ran }).toEqual({ status: 1, ran: STEPS });
  expect(stderr).toBe('make check: failed: types, format\n');
});

test('scripts/check.sh fails where only the last step fails', () => {
  expect(check('test:unit').status).toBe(1);
});
