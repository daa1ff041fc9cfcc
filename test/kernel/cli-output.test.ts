/** The command where its output cannot be written: one line and a status that is not 0, and whatever it held is let go. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { podCapture, processRow } from '../unit/builders.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { STASIS, startStasis } from './harness/stasis-command.js';
import { assertUntouched, stateOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;

afterEach(cleanupAll);

/** A capture whose tree takes about 1 MB on a terminal: more than any pipe holds. */
function bigCapture(): string {
  const file = join(scratchDirectory(), 'capture.json');
  const tree = Array.from({ length: 10_000 }, (_, index) => processRow({ pid: index + 1, exe: `/${'x'.repeat(80)}` }));
  writeFileSync(file, JSON.stringify(podCapture({ tree })));
  return file;
}

/** Runs a shell script in which `$stasis` is the command and `$1` the argument. Output of a part of it goes nowhere. */
function shell(
  script: string,
  argument = '',
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync('sh', ['-c', `stasis=${STASIS}; ${script}`, 'sh', argument], { encoding: 'utf8', timeout: LONG });
}

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: x}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`;

function inCluster(command: string, number: number): string {
  const kubeconfig = join(scratchDirectory(), 'kubeconfig');
  writeFileSync(kubeconfig, KUBECONFIG);
  return command.replace('PORT', String(number)).replace('KUBECONFIG', kubeconfig);
}

async function takePort(): Promise<{ readonly number: number; close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port: number } = server.address() as { port: number };
  return { number, close: async () => await new Promise((resolve) => server.close(() => resolve())) };
}

const LINE = /^stasis: the standard output cannot be written: [A-Z]+: [a-z -]+\n$/;

describe('stasis', () => {
  test.each([
    ['help', 'help'],
    ['--version', '--version'],
    ['show', 'show "$1"'],
    ['doctor', 'doctor --no-rehearsal'],
    ['doctor as JSON', 'doctor --no-rehearsal -o json'],
  ])(
    'stasis %s fails with one line where its output goes to a full disk or is closed',
    (_, words) => {
      const file = bigCapture();
      for (const [where, code] of [
        ['> /dev/full', 'ENOSPC'],
        ['>&-', 'EBADF'],
      ]) {
        const { status, stderr } = shell(`"$stasis" ${words} ${where}`, file);
        expect([status, stderr]).toEqual([1, expect.stringMatching(LINE)]);
        expect(stderr).toContain(code);
      }
    },
    LONG,
  );

  test(
    'stasis fails where a pipe is closed, and where its output is cut half-way',
    () => {
      const file = bigCapture();
      const status = join(scratchDirectory(), 'status');
      const piped = shell(`{ "$stasis" show "$1"; echo $? > ${status}; } | head -n 1`, file);
      expect([readFileSync(status, 'utf8'), piped.stderr]).toEqual(['1\n', expect.stringMatching(LINE)]);
      expect(piped.stdout).toContain('✔ Captured');
      // A write of which a part is taken, as on a disk that is just getting full: 512 bytes a block.
      const cut = join(scratchDirectory(), 'cut');
      const limited = shell(`ulimit -f 8; "$stasis" show "$1" > ${cut}`, file);
      expect([limited.status, limited.stderr]).toEqual([1, expect.stringMatching(/^[^\n]*EFBIG[^\n]*\n$/)]);
      expect(statSync(cut).size).toBe(4096);
    },
    LONG,
  );

  test(
    'stasis writes all of it to a pipe that is slow, and that somebody else has made non-blocking',
    () => {
      const file = bigCapture();
      const whole = shell('"$stasis" show "$1" | wc -c', file);
      // A pipe that Node opens is non-blocking for all who share it.
      const sharer = `${process.execPath} -e 'process.stdout.write("x"); setTimeout(() => {}, 3000)'`;
      const slow = shell(`{ ${sharer} & sleep 1; "$stasis" show "$1"; wait; } | (sleep 2; wc -c)`, file);
      expect(Number(slow.stdout)).toBe(Number(whole.stdout) + 1);
      expect(Number(whole.stdout)).toBeGreaterThan(1_000_000);
      expect([whole.stderr, slow.stderr]).toEqual(['', '']);
    },
    LONG,
  );

  test(
    'stasis keeps its status where not even an error can be written',
    () => {
      for (const where of ['2> /dev/full', '2>&-', '> /dev/full 2>&1', '>&- 2>&-']) {
        const { status, stdout, stderr } = shell(`"$stasis" show /nonexistent ${where}`);
        expect([where, status, stdout, stderr]).toEqual([where, 2, '', '']);
      }
      expect(shell('"$stasis" --version > /dev/full 2>&1').status).toBe(1);
      expect(shell('"$stasis" --version 2>&-')).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^[0-9.]+\n$/),
      });
    },
    LONG,
  );

  test(
    'stasis show fails with one line whatever it is given to read',
    () => {
      const scratch = scratchDirectory();
      const given = (name: string, text: string): string => {
        writeFileSync(join(scratch, name), text);
        return `show ${join(scratch, name)}`;
      };
      const head = 'kind: PodCapture\nstatus: {conditions: [], timings: {},';
      for (const words of [
        'show <&-',
        'show < /dev/null',
        'show /tmp',
        'show /dev/zero',
        given('binary', '\0\x01\x02\xff'),
        given(
          'bomb',
          `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'.replace(/./g, (name) => `${name}: &${name} [${`*${String.fromCharCode(name.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
        ),
        given('deep', '['.repeat(200_000)),
        given('tag', '%YAML 3.0\n---\n!foo [1]\n'),
        given('row', `${head} tree: [{}]}`),
        given('task', `${head} unfrozen: [3]}`),
        given('null', `${head} tree: null}`),
        given('condition', 'kind: PodCapture\nstatus: {conditions: [7], timings: {}}'),
      ]) {
        const { status, stdout, stderr } = shell(`"$stasis" ${words}`);
        expect([words, status, stdout, stderr]).toEqual([words, 2, '', expect.stringMatching(/^stasis: [^\n]+\n$/)]);
      }
    },
    LONG,
  );
});

describeOn(anyVersion(), 'stasis checkpoint', (make) => {
  test.each([
    ['a full disk', '> /dev/full', 'ENOSPC'],
    ['a closed pipe', '| true', 'EPIPE'],
    ['a closed standard output', '>&-', 'EBADF'],
  ])(
    'stasis checkpoint lets go, and fails with one line, where its output goes to %s',
    async (_, where, code) => {
      const cgroup = make('output');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const status = join(scratchDirectory(), 'status');
      const script = `{ "$0" "$@"; echo $? > ${status}; } ${where}`;
      const command = startStasis(
        ['checkpoint', '--cgroup', cgroup.directory, '-o', 'json'],
        ['sh', '-c', script, STASIS],
      );
      const { stdout, stderr } = await command.ended;
      expect([readFileSync(status, 'utf8'), stdout]).toEqual(['1\n', '']);
      expect(stderr).toMatch(LINE);
      expect(stderr).toContain(code);
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([pid]);
    },
    LONG,
  );

  test(
    'stasis checkpoint has let go before it waits for a slow reader, and can be ended while it waits',
    async () => {
      const cgroup = make('slow');
      const { pid } = await startWorkload(cgroup, 'tree', [400, 1]);
      const child = spawn(
        STASIS,
        ['checkpoint', '--cgroup', cgroup.directory, '-o', 'json', '--state', scratchDirectory()],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      onCleanup({ what: `stasis ${child.pid}`, undo: () => void child.kill('SIGKILL') });
      const ended = new Promise((resolve) => child.once('exit', (status, signal) => resolve([status, signal])));
      // The first bytes come when all is let go; the rest, some 600 kB, does not fit into the pipe, and is not read.
      await new Promise<void>((resolve) => child.stdout.once('readable', resolve));
      await assertUntouched(cgroup.processes(), 0);
      await eventually('it waits', () => stateOf(child.pid ?? 0) === 'S');
      child.kill('SIGINT');
      expect(await ended).toEqual([null, 'SIGINT']);
      await assertUntouched([pid]);
    },
    LONG,
  );
});

describe('stasis controller, node-agent', () => {
  const SERVICES: readonly (readonly [string, string])[] = [
    ['controller', 'controller --namespace a --identity b --port PORT --kubeconfig KUBECONFIG'],
    ['node-agent', 'node-agent --namespace a --node-name b --pod-uid c --port PORT --kubeconfig KUBECONFIG'],
  ];

  test.each(SERVICES)(
    'stasis %s goes on where its log goes to a full disk, a closed pipe or nowhere, and ends when it is asked to',
    async (_, command) => {
      for (const where of ['2> /dev/full', '2>&1 >&- | true']) {
        const free = await takePort();
        await free.close();
        // In a subshell, so that the status is that of the command; a pipe has the command in its first part.
        const script = `${STASIS} ${inCluster(command, free.number)} & echo $! >&3; wait $!; echo $? >&3`;
        const child = spawn('sh', ['-c', `exec 3>&1; { ${script}; } ${where}`], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        let text = '';
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        const pid = (): number => Number(text.split('\n')[0]);
        await eventually('started', () => pid() > 0, LONG);
        onCleanup({ what: `stasis ${pid()}`, undo: () => quietly(() => process.kill(pid(), 'SIGKILL')) });
        const healthy = async (): Promise<boolean> => {
          const answer = await fetch(`http://127.0.0.1:${free.number}/healthz`).catch(() => undefined);
          return answer !== undefined;
        };
        while (!(await healthy())) await eventually('alive', () => stateOf(pid()) !== undefined);
        // By now it has told, several times, that the API server is away.
        await new Promise((resolve) => setTimeout(resolve, 1500));
        expect([where, await healthy(), text.split('\n')[1]]).toEqual([where, true, '']);
        process.kill(pid(), 'SIGTERM');
        await eventually('ended', () => text.split('\n').length > 2, LONG);
        expect([where, text.split('\n')[1]]).toEqual([where, '0']);
      }
    },
    2 * LONG,
  );

  test.each(SERVICES)(
    'stasis %s ends with one line that names its port when that is taken',
    async (_, command) => {
      const taken = await takePort();
      const { status, stderr } = await startStasis(inCluster(command, taken.number).split(' ')).ended;
      await taken.close();
      expect([status, stderr]).toEqual([1, expect.stringMatching(/^stasis: listen EADDRINUSE[^\n]*\n$/m)]);
      expect(stderr).toContain(String(taken.number));
    },
    LONG,
  );
});

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // ESRCH: it has ended.
  }
}
