/** The plugin as a process, while a pod is held: signals that come twice or seldom, and a standard error that nobody reads. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../kube/fixtures.js';
import { HoldServer } from './hold-server.js';

const folder = mkdtempSync(join(tmpdir(), 'stasis-hold-faults-'));
const plugin = join(folder, 'kubectl-stasis');
const SLOW = 20_000;

let server: HoldServer;
const children: ChildProcess[] = [];

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

function hold(command: readonly string[], stderr: 'ignore' | number = 'ignore') {
  const child = spawn(process.execPath, [plugin, 'hold', 'pod/web-0', '--for', '60s', '--', ...command], {
    detached: true,
    stdio: ['ignore', 'ignore', stderr],
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: server.kubeconfig },
  });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
  return { child, ended };
}

describe('hold -- COMMAND as a process', () => {
  test.each(['SIGALRM', 'SIGXCPU', 'SIGVTALRM', 'SIGUSR2'] as const)(
    '%s has the pod released',
    async (signal) => {
      const { child, ended } = hold(['sleep', '10']);
      await until('the pod is held', () => server.requests.filter((one) => one === 'WATCH').length >= 2, SLOW);
      await sleep(100);
      child.kill(signal);
      await ended;
      expect(server.heldReason).toBe('ReleaseRequested');
    },
    SLOW,
  );

  test(
    'SIGHUP twice and SIGTERM before the pod is held do not end the release',
    async () => {
      server.holds = false;
      const { child, ended } = hold(['sleep', '10']);
      await until('the Checkpoint is followed', () => server.requests.includes('WATCH'), SLOW);
      for (const signal of ['SIGHUP', 'SIGHUP', 'SIGTERM'] as const) {
        child.kill(signal);
        await sleep(2);
      }
      expect([await ended, server.checkpoint?.spec.hold?.release]).toEqual([129, true]);
    },
    SLOW,
  );

  test(
    'a standard error that is full and that nobody reads holds nothing up',
    async () => {
      const fifo = join(folder, 'full');
      execFileSync('mkfifo', [fifo]);
      const filler = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
      try {
        for (;;) writeSync(filler, Buffer.alloc(1));
      } catch {
        // It is full.
      }
      const stderr = openSync(fifo, constants.O_RDWR);
      const { ended } = hold(['sh', '-c', 'exit 5'], stderr);
      const status = await ended;
      for (const fd of [filler, stderr]) closeSync(fd);
      expect([status, server.heldReason]).toEqual([5, 'ReleaseRequested']);
    },
    SLOW,
  );
});
