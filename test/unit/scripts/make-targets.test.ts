/** The list of make targets is the same in the Makefile, in `make help` and in CONTRIBUTING.md, and scripts/progress knows their steps. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** In milliseconds: each test starts processes, and on a busy machine a start can take seconds. */
jest.setTimeout(60_000);

const INCLUDED = [
  'deploy/image/image.mk',
  'deploy/release/release.mk',
  'test/cluster/cluster.mk',
  'test/chaos/chaos.mk',
  'test/prometheus/prometheus.mk',
];
const MAKEFILES = ['Makefile', ...INCLUDED].map((file) => readFileSync(join(REPOSITORY, file), 'utf8')).join('\n');
const words = (pattern: RegExp): string[] =>
  [...MAKEFILES.matchAll(pattern)].flatMap((match) => (match[1] ?? '').trim().split(/\s+/));
const PHONY = [...new Set(words(/^\.PHONY: (.*)$/gm))].sort();

/** The targets that `make help` lists. The rest of the environment would be the outer make's. */
function listed(): string[] {
  const help = execFileSync('make', ['--no-print-directory', 'help'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return [...help.matchAll(/^ {2}make (\S+) +\S/gm)].map((match) => match[1] ?? '').sort();
}

describe('make help', () => {
  test('make help lists every target that is no file', () => {
    expect(PHONY.length).toBeGreaterThan(20);
    expect(listed()).toEqual(PHONY);
  });

  test('make help lists the targets that the table in CONTRIBUTING.md explains', () => {
    const table = readFileSync(join(REPOSITORY, 'CONTRIBUTING.md'), 'utf8').match(/^\| `.*$/gm) ?? [];
    const explained = table.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`make ([a-z0-9-]+)/g)]);
    expect(explained.map((match) => match[1] ?? '').sort((a, b) => (a < b ? -1 : 1))).toEqual(PHONY);
  });
});

describe('the Makefile', () => {
  test('the Makefile gives needs and steps to no target that does not exist', () => {
    const named = words(/^(?:NEEDS|STEPS)\.(\S+) :=/gm);
    expect(named.filter((target) => !PHONY.includes(target))).toEqual([]);
    expect(named.length).toBeGreaterThan(20);
  });

  test('the Makefile gives its targets steps that scripts/progress/steps.mjs knows, and needs that test/requirements.sh knows', () => {
    // `make -n` evaluates the plan of the targets' steps, and an unknown step is an error there.
    const env = { PATH: process.env['PATH'] };
    const { stdout, stderr } = spawnSync('make', ['-n', ...PHONY], { cwd: REPOSITORY, encoding: 'utf8', env });
    expect(stderr.replace(/^(?:First run on|It downloads) .*\n/gm, '')).toBe('');
    const needs = /requirements\.sh (.*)/.exec(stdout)?.[1]?.split(' ') ?? [];
    expect(needs).toEqual(expect.arrayContaining(['node', 'cc', 'root', 'cluster', 'cross-cc']));
    const known = readFileSync(join(REPOSITORY, 'test/requirements.sh'), 'utf8');
    expect(needs.filter((need) => !new RegExp(`^  (?:.* )?${need}(?: .*)?\\)`, 'm').test(known))).toEqual([]);
  });

  test('the Makefile passes the patterns of ONLY on to every kind of tests, whatever characters they have', () => {
    const env = { PATH: process.env['PATH'] };
    const run = ['-n', 'test-kernel', 'test-cluster', 'test-e2e', 'ONLY=crd-(a|b) e2e/hold'];
    const { stdout } = spawnSync('make', run, { cwd: REPOSITORY, encoding: 'utf8', env });
    const lines = stdout.split('\n').filter((line) => / --selectProjects |e2e\.sh/.test(line));
    expect(lines.length).toBeGreaterThanOrEqual(4);
    expect(lines.filter((line) => !line.endsWith(" 'crd-(a|b)' 'e2e/hold'"))).toEqual([]);
  });
});
