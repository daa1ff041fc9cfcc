/** The plugin as it is released, as a process: signals, terminals, standard streams, and a server that goes away. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../kube/fixtures.js';
import { HoldServer } from './hold-server.js';

const folder = mkdtempSync(join(tmpdir(), 'stasis-hold-process-'));
const plugin = join(folder, 'kubectl-stasis');
const SLOW = 20_000;
/** A loop of a shell that outlives no failure of a test by much. */
const LOOP = 'for each in $(seq 400); do sleep 0.05; done';

let server: HoldServer;
/** Each leads a group of its own. */
const children: ChildProcess[] = [];

interface Started {
  readonly child: ChildProcess;
  /** The standard error so far. */
  readonly errors: () => string;
  readonly ended: Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }>;
}

beforeAll(() => {
  execFileSync(process.execPath, ['deploy/release/plugin.mjs', folder]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  server = new HoldServer();
  await server.start();
});

afterEach(async () => {
  for (const { pid = 0, exitCode, signalCode } of children.splice(0))
    if (pid !== 0 && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  await server.close();
});

/** Starts a program in a session of its own, which has no terminal. */
function start(file: string, words: readonly string[], input?: string): Started {
  const child = spawn(file, words, {
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: server.kubeconfig, FILE: marksFile() },
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => undefined);
  if (input !== undefined) child.stdin.end(input);
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, errors: () => stderr, ended };
}

/** The folder in which a command leaves its marks. */
function marksFile(): string {
  return join(folder, 'marks');
}

function marks(): string {
  return existsSync(marksFile()) ? readFileSync(marksFile(), 'utf8') : '';
}

function hold(command: readonly string[], { time = '60s', input }: { time?: string; input?: string } = {}): Started {
  rmSync(marksFile(), { force: true });
  return start(process.execPath, [plugin, 'hold', 'pod/web-0', '--for', time, '--', ...command], input);
}

/** A shell that marks its start, and loops until something ends it. */
const loop = (traps: string): string[] => ['sh', '-c', `${traps} echo start >>"$FILE"; ${LOOP}`];
const isRunning = (): boolean => marks().includes('start');

describe('hold -- COMMAND as a process', () => {
  test(
    'the standard streams, the environment and the status are those of the command',
    async () => {
      const script =
        'cat; echo "$STASIS_NAMESPACE/$STASIS_POD/$STASIS_CHECKPOINT/$STASIS_HELD_FROM"; echo mine >&2; exit 7';
      const { status, stdout, stderr } = await hold(['sh', '-c', script], { input: 'typed\n' }).ended;
      const { metadata, status: state } = server.checkpoint ?? raise();
      expect(stdout).toBe(`typed\nteam-a/web-0/${metadata.name}/${state?.heldFrom}\n`);
      expect(status).toBe(7);
      expect(stderr).toMatch(/\nmine\npod\/web-0 was held for \d\.\ds, and runs again\n$/);
      expect(server.heldReason).toBe('ReleaseRequested');
    },
    SLOW,
  );

  test(
    'a command that is killed has the pod let go',
    async () => {
      const { status } = await hold(['sh', '-c', 'kill -9 $$']).ended;
      expect([status, server.heldReason]).toEqual([137, 'ReleaseRequested']);
    },
    SLOW,
  );

  test(
    'a command that does not exist touches nothing',
    async () => {
      const { status, stderr } = await hold(['no-such-program']).ended;
      expect([status, stderr]).toEqual([127, 'error: no-such-program: command not found; the pod was not touched\n']);
      expect(server.requests).toEqual([]);
    },
    SLOW,
  );

  test(
    'SIGTERM reaches the command, whose end is waited for',
    async () => {
      const started = hold(loop('trap "echo term; exit 9" TERM;'));
      await until('the command runs', isRunning, SLOW);
      started.child.kill('SIGTERM');
      const { status, stdout } = await started.ended;
      expect([status, stdout, server.heldReason]).toEqual([9, 'term\n', 'ReleaseRequested']);
    },
    SLOW,
  );

  test(
    'SIGINT to the whole group ends the command, and then the hold',
    async () => {
      const started = hold(loop(''));
      await until('the command runs', isRunning, SLOW);
      process.kill(-(started.child.pid ?? raise()), 'SIGINT');
      const { status } = await started.ended;
      expect([status, server.heldReason]).toEqual([130, 'ReleaseRequested']);
    },
    SLOW,
  );

  test(
    'the hold that ends before the command is one line and status 3',
    async () => {
      const started = hold(['sh', '-c', 'echo start >>"$FILE"; while ! [ -e "$FILE.end" ]; do sleep 0.05; done']);
      await until('the command runs', isRunning, SLOW);
      server.letGo('NodeDrained');
      await until('it is told', () => started.errors().includes('error'), SLOW);
      execFileSync('touch', [`${marksFile()}.end`]);
      const { status, stderr } = await started.ended;
      rmSync(`${marksFile()}.end`);
      expect(status).toBe(3);
      expect(stderr.split('\n').filter((line) => line.startsWith('error'))).toEqual([
        'error: the pod is not held any more, and the command goes on: the hold had ended: NodeDrained',
      ]);
    },
    SLOW,
  );

  test(
    'closed standard streams change nothing',
    async () => {
      const words = [plugin, 'hold', 'pod/web-0', '--for', '60s', '--', 'sh', '-c', 'exit 4'];
      const closing = start('sh', ['-c', 'exec "$@" <&- >&- 2>&-', 'sh', process.execPath, ...words]);
      const { status } = await closing.ended;
      expect([status, server.heldReason]).toEqual([4, 'ReleaseRequested']);
    },
    SLOW,
  );

  test(
    'a server that is away when the command ends gets the release when it is back',
    async () => {
      const started = hold(['sh', '-c', 'echo start >>"$FILE"; sleep 1']);
      await until('the command runs', isRunning, SLOW);
      await server.stop();
      await until('it is told', () => started.errors().includes('cannot be released yet'), SLOW);
      await server.start();
      const { status } = await started.ended;
      expect([status, server.heldReason]).toEqual([0, 'ReleaseRequested']);
    },
    SLOW,
  );

  test(
    'a server that stays away is status 3 when the hold is over by itself',
    async () => {
      const started = hold(['sh', '-c', 'echo start >>"$FILE"; sleep 0.3'], { time: '1s' });
      await until('the command runs', isRunning, SLOW);
      await server.stop();
      const { status, stderr } = await started.ended;
      expect(status).toBe(3);
      expect(stderr).toMatch(
        /\nerror: the hold did not cover .* did not reach the server until the hold was over by itself: /,
      );
    },
    SLOW,
  );

  test(
    'kill -9 of the plugin leaves the command alone, and the hold to its bound',
    async () => {
      const started = hold(['sh', '-c', 'echo start >>"$FILE"; echo $$; sleep 0.5; echo end >>"$FILE"'], {
        time: '2s',
      });
      await until('the command runs', isRunning, SLOW);
      started.child.kill('SIGKILL');
      await until('the command ends', () => marks().includes('end'), SLOW);
      expect(server.heldReason).toBeUndefined();
      await until('the hold is over', () => server.heldReason !== undefined, SLOW);
      expect(server.heldReason).toBe('HoldElapsed');
    },
    SLOW,
  );
});

describe('hold alone as a process', () => {
  test(
    'SIGINT before the pod is held lets it go',
    async () => {
      server.holds = false;
      const started = start(process.execPath, [plugin, 'hold', 'pod/web-0', '--for', '60s']);
      await until('the Checkpoint is followed', () => server.requests.includes('WATCH'), SLOW);
      started.child.kill('SIGINT');
      const { status, stderr } = await started.ended;
      expect(status).toBe(130);
      expect(stderr).toContain('interrupted; Checkpoint web-0-');
      expect(server.checkpoint?.spec.hold?.release).toBe(true);
    },
    SLOW,
  );
});

describe('hold -- COMMAND in a terminal', () => {
  test(
    'Ctrl-C reaches the command once, and the plugin waits for it',
    async () => {
      const started = typed(
        `sh -c 'trap "echo int >>$FILE" INT; echo start >>$FILE; until [ -e $FILE.end ]; do sleep 0.05; done; exit 5'`,
      );
      await until('the command runs', isRunning, SLOW);
      started.child.stdin?.write('\u0003');
      await until('the command is told', () => marks().includes('int'), SLOW);
      started.child.stdin?.write('\u0003');
      await until('the command is told again', () => marks() === 'start\nint\nint\n', SLOW);
      execFileSync('touch', [`${marksFile()}.end`]);
      const { status } = await started.ended;
      rmSync(`${marksFile()}.end`);
      expect([status, marks(), server.heldReason]).toEqual([5, 'start\nint\nint\n', 'ReleaseRequested']);
    },
    SLOW,
  );

  test(
    'a terminal that is closed ends the command, and then the hold',
    async () => {
      const started = typed(`sh -c 'echo start >>$FILE; ${LOOP}'`);
      await until('the command runs', isRunning, SLOW);
      started.child.kill('SIGKILL');
      await until('the pod is let go', () => server.heldReason !== undefined, SLOW);
      expect(server.heldReason).toBe('ReleaseRequested');
    },
    SLOW,
  );
});

/** script(1) of util-linux runs a command in a terminal of its own. What is typed comes from its standard input. */
function typed(command: string): Started {
  rmSync(marksFile(), { force: true });
  // Without exec, the shell in between would end by the signal, too.
  const line = `exec '${process.execPath}' '${plugin}' hold pod/web-0 --for 60s -- ${command}`;
  return start('script', ['-qec', line, '/dev/null']);
}

function raise(): never {
  throw new Error('there is none');
}
