/** scripts/progress/step.mjs: what it says, and that it hides nothing of the command that it runs. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** In milliseconds: each test starts processes, and on a busy machine a start can take seconds. */
jest.setTimeout(60_000);

const SCRIPT = join(REPOSITORY, 'scripts/progress/step.mjs');
const STEPS = { STASIS_STEPS: 'npm kubernetes demo', STASIS_PROGRESS_SECONDS: '0.05' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-step-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function step(
  operands: string[],
  settings: object = STEPS,
): { status: number | null; stdout: string; lines: string[] } {
  const env = { PATH: process.env['PATH'], ...settings };
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...operands], { encoding: 'utf8', env });
  return { status, stdout, lines: stderr.trimEnd().split('\n') };
}

describe('scripts/progress/step.mjs', () => {
  test('scripts/progress/step.mjs says which step of how many it is, how much there is to do, and how long all of it takes', () => {
    const { lines } = step(['kubernetes', '--unit', 'packages', '--total', '2734', '--count', 'echo 0', '--', 'true']);
    expect(lines).toEqual([
      expect.stringMatching(
        /^\[2\/3\] building Kubernetes: 2,734 packages, about \d+ (minutes|seconds); about \d+ minutes left in all$/,
      ),
    ]);
  });

  test('scripts/progress/step.mjs says again and again how many things are done', () => {
    writeFileSync(join(folder, 'done'), '');
    const until = `cd '${folder}' && while [ "$(wc -l < done)" -lt 3 ]; do sleep 0.02; done`;
    const count = `cd '${folder}' && echo x >> done && wc -l < done`;
    const { lines } = step(['npm', '--unit', 'packages', '--total', '1000', '--count', count, '--', 'sh', '-c', until]);
    expect(lines.length).toBeGreaterThan(3);
    lines.slice(1).forEach((line, index) => {
      expect(line).toMatch(
        new RegExp(`^\\[1/3\\] installing npm packages: ${index + 1} of 1,000 packages, about \\d+ `),
      );
    });
  });

  test('scripts/progress/step.mjs has no number where it is no step of a make target', () => {
    expect(step(['helm'], {}).lines).toEqual([expect.stringMatching(/^==> building Helm: about /)]);
  });

  test('scripts/progress/step.mjs prints what the command prints, and nothing else', () => {
    expect(step(['demo', '--', 'echo', '--total'])).toMatchObject({ status: 0, stdout: '--total\n' });
  });

  test('scripts/progress/step.mjs fails as the command fails, and shows the end of its log', () => {
    const log = join(folder, 'log');
    const { status, lines } = step(['npm', '--log', log, '--', 'sh', '-c', 'seq 1 50 >&2; echo broken >&2; exit 7']);
    expect(status).toBe(7);
    expect(lines.slice(-3)).toEqual([
      '50',
      'broken',
      `[1/3] installing npm packages: failed; the whole output is in ${log}`,
    ]);
    expect(lines).not.toContain('30');
    expect(readFileSync(log, 'utf8')).toMatch(/^1\n2\n/);
  });

  test('scripts/progress/step.mjs leaves no log of a command that succeeds', () => {
    const log = join(folder, 'log');
    expect(step(['npm', '--log', log, '--', 'sh', '-c', 'echo noise >&2']).lines).toHaveLength(1);
    expect(existsSync(log)).toBe(false);
  });

  test('scripts/progress/step.mjs fails for a command that does not exist', () => {
    expect(step(['npm', '--', join(folder, 'nothing')]).status).toBe(127);
  });

  test('scripts/progress/step.mjs ends its command when it is ended', async () => {
    const child = spawn(process.execPath, [SCRIPT, 'npm', '--', 'sh', '-c', 'echo $$; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [pid] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([128 + 15, null]);
    expect(() => process.kill(Number(pid.toString()), 0)).toThrow('ESRCH');
  });
});
