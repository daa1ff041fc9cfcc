/** .ci/run beside a fake fresh-machine, with a make that only notes what it was asked. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** In milliseconds: each test starts processes, and on a busy machine a start can take seconds. */
jest.setTimeout(60_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-gate-'));
  for (const name of ['checkout/.ci', 'bin', 'shared/tools']) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join(REPOSITORY, '.ci/run'), join(folder, 'checkout/.ci/run'));
  program('bin/make', 'exit 0');
});

afterEach(() => rmSync(folder, { recursive: true }));

function program(path: string, end: string): void {
  const script = `#!/bin/sh\necho "\${0##*/} $* $STASIS_REQUIRE_KERNEL" >> '${folder}/ran'\n${end}\n`;
  writeFileSync(join(folder, path), script, { mode: 0o755 });
}

function gate(): { status: number | null; stderr: string; ran: string[] } {
  const env = { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
  const { status, stderr } = spawnSync('sh', [join(folder, 'checkout/.ci/run')], { encoding: 'utf8', env });
  const ran = join(folder, 'ran');
  return { status, stderr, ran: existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n') : [] };
}

describe('.ci/run', () => {
  test('.ci/run runs make demo on a fresh machine, and then make test', () => {
    program('shared/tools/fresh-machine', 'exit 0');
    expect(gate()).toMatchObject({ status: 0, ran: ['fresh-machine --warm . make demo 1', 'make test 1'] });
  });

  test('.ci/run fails where the demo on the fresh machine fails', () => {
    program('shared/tools/fresh-machine', 'exit 5');
    expect(gate()).toMatchObject({ status: 5, ran: ['fresh-machine --warm . make demo 1'] });
  });

  test('.ci/run says in one line that no fresh machine can be made, and goes on', () => {
    const { status, stderr, ran } = gate();
    expect({ status, ran }).toEqual({ status: 0, ran: ['make test 1'] });
    expect(stderr).toMatch(/^==> make demo on a fresh machine: left out.*\n$/);
  });

  test('.ci/run fails where make test fails', () => {
    program('bin/make', 'exit 2');
    expect(gate().status).toBe(2);
  });
});
