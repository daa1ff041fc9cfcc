/** The command under a shell: suspended, continued, in the background, hung up, ended. The pod is let go first. */
import { afterEach, expect, test } from '@jest/globals';

import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { heldByCommand } from './harness/held.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { STASIS, startStasis } from './harness/stasis-command.js';
import { assertUntouched, stateOf } from './harness/tasks.js';
import { type Job, startOnTerminal } from './harness/terminal.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 110_000;
/** From a key to what follows from it. */
const SOON_MS = 10_000;

afterEach(cleanupAll);

async function sees(job: Job, event: string): Promise<void> {
  await eventually(
    `${event}, but: ${job.events().join(', ')}: ${job.shown()}`,
    () => job.events().at(-1) === event,
    SOON_MS,
  );
}

/** The output may reach the test after the event. */
async function shows(job: Job, pattern: RegExp): Promise<void> {
  await eventually(`${pattern} in: ${job.shown()}`, () => pattern.test(job.shown()), SOON_MS);
}

async function free(cgroup: Cgroup): Promise<void> {
  await assertUntouched(cgroup.processes());
  expect(cgroup.freezeState()).toBe('THAWED');
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis checkpoint --hold, on a terminal', (make) => {
    test(
      'stasis checkpoint lets go at Ctrl-Z before it stops, says so, and prints what it saw when it is continued',
      async () => {
        const cgroup = make('suspended');
        const { pid } = await startWorkload(cgroup, 'sleeper');
        const job = await startOnTerminal('fg', ['--cgroup', cgroup.directory, '--hold', '60s']);
        await heldByCommand([pid]);
        job.type('\x1a');
        await sees(job, 'stopped 20');
        expect(stateOf(job.pid)).toBe('T');
        await free(cgroup);
        await shows(job, /stasis: stopped by SIGTSTP: the hold was ended first, and nothing is held/);
        job.resume('fg');
        await sees(job, 'exited 0');
        expect(job.events()).toEqual(['stopped 20', 'continued 0', 'exited 0']);
        await shows(job, /✔ Captured[^]*sleeper/);
      },
      LONG,
    );
  });
}

describeOn(anyVersion(), 'stasis checkpoint, on a terminal', (make) => {
  test(
    'stasis checkpoint stops between two captures at Ctrl-Z, never in one, and goes on with the next',
    async () => {
      const cgroup = make('repeated');
      const { pid } = await startWorkload(cgroup, 'tree', [20, 2]);
      const job = await startOnTerminal('fg', ['--cgroup', cgroup.directory, '--repeat', '100000']);
      await heldByCommand([pid]);
      for (let round = 0; round < 20; round++) {
        job.type('\x1a');
        await sees(job, 'stopped 20');
        await free(cgroup);
        job.resume('fg');
        await sees(job, 'continued 0');
        await heldByCommand([pid]);
      }
      job.type('\x03');
      await eventually('ended', () => /^exited [01]$/.test(job.events().at(-1) ?? ''), SOON_MS);
      expect(job.events().filter((event) => event === 'stopped 20')).toHaveLength(20);
      await shows(job, /[0-9]+ RUNS|Cancelled/);
      await free(cgroup);
    },
    LONG,
  );

  test(
    'stasis checkpoint holds in the background, and stops for the terminal only to print, when all is let go',
    async () => {
      const cgroup = make('background');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const job = await startOnTerminal('bg', ['--cgroup', cgroup.directory, '--hold', '1s']);
      await heldByCommand([pid]);
      expect(job.events()).toEqual([]);
      // SIGTTOU: stty tostop.
      await eventually('stopped', () => job.events().at(-1) === 'stopped 22', SOON_MS);
      await free(cgroup);
      job.resume('fg');
      await sees(job, 'exited 0');
      await shows(job, /✔ Captured/);
    },
    LONG,
  );

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-\\', '\x1c'],
  ])(
    'stasis checkpoint lets go at %s, prints what it saw, and succeeds',
    async (_, key) => {
      const cgroup = make('key');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const job = await startOnTerminal('fg', ['--cgroup', cgroup.directory, '--hold', '60s']);
      await heldByCommand([pid]);
      job.type(key);
      await sees(job, 'exited 0');
      expect(job.events()).toEqual(['exited 0']);
      await shows(job, /✔ Captured/);
      await free(cgroup);
    },
    LONG,
  );

  test(
    'stasis checkpoint lets go when its terminal is closed, and ends',
    async () => {
      const cgroup = make('closed');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const job = await startOnTerminal('fg', ['--cgroup', cgroup.directory, '--hold', '60s']);
      await heldByCommand([pid]);
      job.hangUp();
      await eventually('ended', () => stateOf(job.pid) === undefined, SOON_MS);
      expect(stateOf(pid)).toBe('S');
      await free(cgroup);
    },
    LONG,
  );
});

describeOn(anyVersion(), 'stasis checkpoint', (make) => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
    'stasis checkpoint lets go at %s, prints what it saw, and succeeds',
    async (signal) => {
      const cgroup = make('signal');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const command = startStasis(['checkpoint', '--cgroup', cgroup.directory, '--hold', '60s', '-o', 'json']);
      await heldByCommand([pid]);
      process.kill(command.pid, signal);
      const { status, stderr, stdout } = await command.ended;
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({
        status: {
          conditions: [{ reason: 'ReleaseRequested' }, { reason: 'FreezersRestored' }, { reason: 'Captured' }],
        },
      });
      await free(cgroup);
    },
    LONG,
  );

  test(
    'stasis checkpoint goes on holding at SIGHUP under nohup, and at SIGINT where that is ignored',
    async () => {
      const cgroup = make('ignored');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const ignoring = ['sh', '-c', 'trap \'\' HUP INT; exec "$0" "$@"', STASIS];
      const command = startStasis(['checkpoint', '--cgroup', cgroup.directory, '--hold', '3s'], ignoring);
      await heldByCommand([pid]);
      const since = performance.now();
      process.kill(command.pid, 'SIGHUP');
      process.kill(command.pid, 'SIGINT');
      const { status, stdout } = await command.ended;
      expect(performance.now() - since).toBeGreaterThan(2000);
      expect([status, stdout]).toEqual([0, expect.stringContaining('✔ Captured')]);
      await free(cgroup);
    },
    LONG,
  );

  test(
    'stasis checkpoint goes on with its hold after SIGSTOP and SIGCONT, and is ended by its guard when it is not continued',
    async () => {
      const cgroup = make('stopped');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const args = ['checkpoint', '--cgroup', cgroup.directory, '--hold', '3s', '--timeout', '4s'];
      const first = startStasis(args);
      await heldByCommand([pid]);
      process.kill(first.pid, 'SIGSTOP');
      await eventually('stopped', () => stateOf(first.pid) === 'T');
      expect(stateOf(pid)).toBe('t');
      process.kill(first.pid, 'SIGCONT');
      expect(await first.ended).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('✔ Captured') });
      await free(cgroup);

      const second = startStasis(args);
      await heldByCommand([pid]);
      process.kill(second.pid, 'SIGSTOP');
      expect((await second.ended).status).toBeNull();
      await free(cgroup);
    },
    LONG,
  );
});
