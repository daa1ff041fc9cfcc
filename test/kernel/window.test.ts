/**
 * Checks by strace, from the system calls of a real capture, that the tracing thread opens nothing that could block it between the
 * closing of a freezer and the last detach: no file that takes mmap_lock, and no file of the pod's own file systems.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { captureRequest, describeWays, type HoldingWay } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { scratchDirectory } from './harness/scratch.js';
import { startStasis } from './harness/stasis-command.js';
import { assertUntouched, descendantsOf } from './harness/tasks.js';
import { startWorkload } from './harness/workload.js';

const LONG = 90_000;
const CALLS =
  'openat,open,openat2,readlink,readlinkat,stat,newfstatat,statx,lstat,access,faccessat,faccessat2,write,ptrace';

afterEach(cleanupAll);

/** A system call of one thread, as strace prints it. */
interface Call {
  readonly tid: number;
  readonly name: string;
  readonly args: string;
}

/** Parses the output of `strace -f -o`: each line starts with the tid. A call that is split over two lines counts with its first half. */
function parseTrace(text: string): Call[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+) +(\w+)\((.*)$/.exec(line);
    if (match === null) return [];
    const [, tid = '', name = '', args = ''] = match;
    return [{ tid: Number(tid), name, args }];
  });
}

/** Returns the calls from the last write that closes the freezer of the target (without freezer: the first SEIZE of a member) to the last detach. */
function windowOf(calls: readonly Call[], members: readonly number[], { named }: HoldingWay): Call[] {
  const isSeize = ({ name, args }: Call): boolean =>
    name === 'ptrace' && members.some((pid) => args.startsWith(`PTRACE_SEIZE, ${pid},`));
  const seize = calls.findIndex(isSeize);
  const tracer = calls[seize]?.tid;
  const word = named === 'v1' ? '"FROZEN"' : '"1"';
  const closing = calls.findLastIndex(
    ({ tid, name, args }, index) => index < seize && tid === tracer && name === 'write' && args.includes(word),
  );
  const start = named === 'none' ? seize : closing;
  const end = calls.findLastIndex(({ tid, args }) => tid === tracer && args.startsWith('PTRACE_DETACH'));
  expect([seize >= 0, start >= 0, end > start]).toEqual([true, true, true]);
  return calls.slice(start, end + 1).filter(({ tid }) => tid === tracer);
}

const ALLOWED_FILES = [/^\/proc$/, /^\/proc\/\d+\/status$/, /^\/proc\/\d+\/task\/\d+\/(stat|children)$/];
const ALLOWED_LINKS = [/^\/proc\/\d+\/exe$/];

/** Returns the calls of the window that name a path which is not allowed there. */
function violations(calls: readonly Call[], cgroup: Cgroup): string[] {
  return calls.flatMap(({ name, args }) => {
    if (name === 'ptrace' || name === 'write') return [];
    const path = /"([^"]*)"/.exec(args)?.[1];
    if (path === undefined) return [`${name}(${args}`];
    // This is fstat of an open descriptor, whose open call is checked by itself.
    if (path === '' && args.includes('AT_EMPTY_PATH')) return [];
    const own = path === cgroup.directory || path.startsWith(`${cgroup.directory}/`);
    const allowed = name.startsWith('readlink') ? ALLOWED_LINKS : ALLOWED_FILES;
    if (own) return [];
    const opens = name.startsWith('readlink') || name.startsWith('open');
    return opens && allowed.some((pattern) => pattern.test(path)) ? [] : [`${name}(${args}`];
  });
}

const module = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
/** Code that captures without practice: the system calls of the practice would be among those that strace shows. */
const CAPTURE = `
import { openLibc } from ${module('native/libc.js')};
import { startTracer } from ${module('node-agent/tracer/tracer.js')};
import { BUILT_GUARD, startOwnGuard } from ${module('node-agent/tracer/own-guard.js')};
const { guard } = await startOwnGuard(openLibc(), { program: BUILT_GUARD, state: process.argv[3] });
const tracer = await startTracer(openLibc(), guard, { isCold: true });
const result = await tracer.capture(JSON.parse(process.argv[2]));
await tracer.close();
guard.close();
process.exitCode = result.report !== undefined && result.report.failure === undefined ? 0 : 1;
`;

const missing = spawnSync('strace', ['-V']).error !== undefined;
if (missing) {
  if (process.env['STASIS_REQUIRE_KERNEL'] === '1') throw new Error('the window of a capture: strace is not installed');
  process.stderr.write('skipped: the window of a capture: strace is not installed\n');
}

(missing ? describe.skip : describe)('the window', () => {
  describeWays('of a capture', (make, way) => {
    test(
      'opens nothing that can block',
      async () => {
        const cgroup = make('window');
        const tree = await startWorkload(cgroup, 'tree', [3, 3]);
        const dead = await startWorkload(cgroup, 'dead-leader');
        const zombies = await startWorkload(cgroup.child('inner'), 'zombies', [2]);
        const members = [tree.pid, ...descendantsOf(tree.pid), dead.pid, zombies.pid];
        const file = join(scratchDirectory(), 'trace');
        const request = JSON.stringify(captureRequest(cgroup, { freezer: way.freezer, timeout: 60_000 }));
        const strace = ['strace', '-f', '-s', '256', '-e', `trace=${CALLS}`, '-o', file];
        const script = join(scratchDirectory(), 'capture.mjs');
        writeFileSync(script, CAPTURE);
        const command = startStasis(
          [request, join(scratchDirectory(), 'state')],
          [...strace, process.execPath, script],
        );
        const ended = await command.ended;
        expect([ended.status, ended.stderr]).toEqual([0, '']);
        const window = windowOf(parseTrace(readFileSync(file, 'utf8')), members, way);
        // Under a freezer the status of a leader is read through a descriptor that was opened before: one leader here is dead.
        const opened = window.filter(({ args: text }) => text.includes('/status"')).length;
        expect(opened).toBeGreaterThanOrEqual(way.freezer === 'none' ? members.length : 1);
        expect(violations(window, cgroup)).toEqual([]);
        expect(cgroup.freezeState()).toBe('THAWED');
        await assertUntouched(members);
      },
      LONG,
    );
  });
});
