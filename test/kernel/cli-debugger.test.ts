/** SIGUSR1 makes Node open its debugger to every user of the machine. No process of Stasis, most of them root's, does so. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, test } from '@jest/globals';

import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { REPOSITORY } from './harness/programs.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { STASIS, startStasis } from './harness/stasis-command.js';
import { assertUntouched, stateOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;
/** Node opens its debugger within some 10 ms of the signal. */
const OPENED_MS = 1000;

afterEach(cleanupAll);

/** TCP ports on which the process listens. */
function portsOf(pid: number): number[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/${pid}/net/${name}`, 'utf8')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim().split(/\s+/))
      // 0A: TCP_LISTEN.
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(`socket:[${inode}]`))
      .map(([, local = '']) => parseInt(local.split(':')[1] ?? '', 16)),
  );
}

describe('a process of Node', () => {
  test(
    'portsOf() sees the debugger that SIGUSR1 opens in a process that does not prevent it',
    async () => {
      const child = spawn(
        process.execPath,
        ['--inspect-port=127.0.0.1:0', '-e', 'setInterval(() => {}, 1000); console.log("up")'],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      onCleanup({ what: `node ${child.pid}`, undo: () => void child.kill('SIGKILL') });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.kill('SIGUSR1');
      await eventually('it listens', () => portsOf(child.pid ?? 0).length > 0, LONG);
      expect(portsOf(child.pid ?? 0)).toHaveLength(1);
    },
    LONG,
  );
});

describeOn(anyVersion(), 'stasis', (make) => {
  test(
    'stasis checkpoint opens no debugger at SIGUSR1, and goes on holding',
    async () => {
      const cgroup = make('debugger');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const command = startStasis(['checkpoint', '--cgroup', cgroup.directory, '--hold', '3s']);
      await eventually('held', () => stateOf(pid) === 't', LONG);
      process.kill(command.pid, 'SIGUSR1');
      await sleep(OPENED_MS);
      expect([portsOf(command.pid), stateOf(pid)]).toEqual([[], 't']);
      expect(await command.ended).toMatchObject({ status: 0, stderr: '' });
      await assertUntouched([pid]);
    },
    LONG,
  );

  test(
    'the reader of command lines opens no debugger at SIGUSR1',
    async () => {
      const worker = join(REPOSITORY, 'build/src/node-agent/report/cmdline.worker.js');
      const reader = spawn(process.execPath, [worker], { stdio: ['pipe', 'ignore', 'ignore'] });
      onCleanup({ what: `reader ${reader.pid}`, undo: () => void reader.kill('SIGKILL') });
      // It waits for its targets once its code runs.
      await eventually(
        'it reads',
        () => readFileSync(`/proc/${reader.pid}/wchan`, 'utf8').includes('unix_stream'),
        LONG,
      );
      reader.kill('SIGUSR1');
      await sleep(OPENED_MS);
      expect([portsOf(reader.pid ?? 0), stateOf(reader.pid ?? 0)]).toEqual([[], 'S']);
    },
    LONG,
  );

  test.each(['controller --namespace a --identity b', 'node-agent --namespace a --node-name b --pod-uid c'])(
    'stasis %s opens no debugger at SIGUSR1',
    async (words) => {
      const kubeconfig = join(scratchDirectory(), 'kubeconfig');
      writeFileSync(
        kubeconfig,
        'apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]\nusers: [{name: u, user: {token: x}}]\n' +
          'contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n',
      );
      const command = startStasis([...words.split(' '), '--port', '0', '--kubeconfig', kubeconfig], [STASIS]);
      await eventually('it serves', () => portsOf(command.pid).length === 1, LONG);
      const ports = portsOf(command.pid);
      process.kill(command.pid, 'SIGUSR1');
      await sleep(OPENED_MS);
      expect(portsOf(command.pid)).toEqual(ports);
      process.kill(command.pid, 'SIGTERM');
      expect((await command.ended).status).toBe(0);
    },
    LONG,
  );
});
