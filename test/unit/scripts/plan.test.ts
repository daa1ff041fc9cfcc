/** scripts/progress/plan.mjs: which steps of a target are due on this machine. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** In milliseconds: each test starts processes, and on a busy machine a start can take seconds. */
jest.setTimeout(60_000);

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'stasis-plan-'));
});
afterEach(() => rmSync(cache, { recursive: true }));

function plan(...operands: string[]): { status: number | null; steps: string; says: string } {
  const env = { PATH: process.env['PATH'], HOME: cache, STASIS_CACHE: cache };
  const script = join(REPOSITORY, 'scripts/progress/plan.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...operands], { encoding: 'utf8', env });
  return { status, steps: stdout.trim(), says: stderr };
}

describe('scripts/progress/plan.mjs', () => {
  test('scripts/progress/plan.mjs leaves out what is done, keeps the order, and names each step once', () => {
    mkdirSync(join(cache, 'image', 'base-amd64-1'), { recursive: true });
    writeFileSync(join(cache, 'image', 'base-amd64-1', 'digests'), '');
    expect(plan('image-base-amd64', 'image-base-arm64', 'image', 'demo', 'image').steps).toBe(
      'image-base-arm64 image demo',
    );
  });

  test('scripts/progress/plan.mjs asks build.sh what the cluster lacks, and says what a first run costs', () => {
    const { steps, says } = plan('modules', 'kubernetes', 'helm', 'containerd', 'demo');
    expect(steps).toBe('modules kubernetes helm containerd demo');
    expect(says).toMatch(
      /^First run on this machine: 5 steps, about \d+ minutes on \d+ processors?; the next run takes about 40 seconds\.$/m,
    );
    expect(says).toMatch(/^It downloads about \d+ MB, and takes about \d\.\d GB of disk space\.$/m);
  });

  test('scripts/progress/plan.mjs says nothing where nothing is to be prepared', () => {
    expect(plan('check')).toEqual({ status: 0, steps: 'check', says: '' });
  });

  test('scripts/progress/plan.mjs takes a missing program for a step, by the words of test/requirements.sh', () => {
    expect(plan('tools', 'check', '--', 'node').steps).toBe('check');
  });

  test('scripts/progress/plan.mjs fails on a step that steps.mjs has not', () => {
    expect(plan('nonsense').status).toBe(1);
  });
});
