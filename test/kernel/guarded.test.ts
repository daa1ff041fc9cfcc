/** Checks that a held pod is released when the capture or its guard dies. */
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { openLibc } from '../../src/native/libc.js';
import { startTracer } from '../../src/node-agent/tracer/tracer.js';
import { captureRequest, describeWays } from './harness/capturing.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { ownGuard } from './harness/own-guard.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { startStasis, STASIS, type Ended, type RunningCommand } from './harness/stasis-command.js';
import { assertUntouched, childrenOf, commOf, descendantsOf, isAlive, stateOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;
const BOUND_MS = 1000;

afterEach(cleanupAll);

function guardOf(command: RunningCommand): number {
  return childrenOf(command.pid).find((pid) => commOf(pid) === 'stasis-guard') ?? 0;
}

function reasonOf({ stdout }: Ended): string | undefined {
  const { status } = JSON.parse(stdout) as {
    readonly status: { readonly conditions: readonly { readonly type: string; readonly reason: string }[] };
  };
  return status.conditions.find(({ type }) => type === 'Succeeded')?.reason;
}

describeWays('stasis checkpoint', (make, { freezer }) => {
  async function holding(): Promise<{
    command: RunningCommand;
    members: number[];
    state: string;
    open: () => boolean;
  }> {
    const cgroup = make('guarded');
    const { pid } = await startWorkload(cgroup, 'tree', [2, 2]);
    const members = [pid, ...descendantsOf(pid)];
    const state = join(scratchDirectory(), 'state');
    const args = ['--cgroup', cgroup.directory, '--freezer', freezer, '--hold', '30s', '-o', 'json', '--state', state];
    const command = startStasis(['checkpoint', ...args]);
    await eventually('held', () => members.every((one) => stateOf(one) === 't'), 20_000);
    return { command, members, state, open: () => cgroup.freezeState() === 'THAWED' };
  }

  test(
    'ends the hold and says so when its guard is killed',
    async () => {
      const { command, members, open } = await holding();
      const guard = guardOf(command);
      expect(guard).toBeGreaterThan(0);
      // The hold begins a moment after the last stop. Before that, the capture would be rolled back as quickly.
      process.kill(guard, 'SIGKILL');
      await eventually('let go', () => members.every((one) => stateOf(one) !== 't'), BOUND_MS);
      const ended = await command.ended;
      expect([ended.status, reasonOf(ended), open()]).toEqual([1, 'GuardUnavailable', true]);
      await assertUntouched(members);
    },
    LONG,
  );

  test(
    'leaves nothing held when it is killed, and its guard ends with it',
    async () => {
      const { command, members, state, open } = await holding();
      const guard = guardOf(command);
      process.kill(command.pid, 'SIGKILL');
      await eventually('let go', () => members.every((one) => stateOf(one) !== 't') && open(), BOUND_MS);
      await eventually('the guard has ended', () => !isAlive(guard), 2 * BOUND_MS);
      expect(readdirSync(state).filter((name) => name.endsWith('.journal'))).toEqual([]);
      await assertUntouched(members);
    },
    LONG,
  );
});

describeOn(anyVersion(), 'stasis checkpoint', (make) => {
  test.each([
    ['is not there', { STASIS_GUARD: '/nowhere/stasis-guard' }, undefined],
    ['ends at once', { STASIS_GUARD: '/bin/true' }, undefined],
    ['cannot make its state folder', {}, '/proc/nowhere'],
  ] as const)(
    'touches nothing when the guard %s',
    async (_, environment, state) => {
      const cgroup = make('unguarded');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
      const args = ['checkpoint', '--cgroup', cgroup.directory, '-o', 'json'];
      const command = startStasis(
        [...args, ...(state === undefined ? [] : ['--state', state])],
        ['env', ...settings, STASIS],
      );
      const ended = await command.ended;
      expect([ended.status, reasonOf(ended)]).toEqual([1, 'GuardUnavailable']);
      await assertUntouched([pid]);
    },
    LONG,
  );
});

describeOn(anyVersion(), 'stasis checkpoint', (make) => {
  test(
    'touches nothing, and changes no mode, when others can write to the folder of --state',
    async () => {
      const cgroup = make('shared');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const folder = join(scratchDirectory(), 'shared');
      mkdirSync(folder);
      chmodSync(folder, 0o1777);
      const ended = await startStasis(['checkpoint', '--cgroup', cgroup.directory, '--state', folder]).ended;
      expect([ended.status, statSync(folder).mode & 0o7777]).toEqual([1, 0o1777]);
      expect(ended.stderr).toContain(`${folder}: others than its owner can write to it`);
      await assertUntouched([pid]);
    },
    LONG,
  );
});

describe('a tracer', () => {
  describeOn(anyVersion(), 'with a guard', (make) => {
    test(
      'refuses a capture and freezes nothing when the journal is gone',
      async () => {
        const cgroup = make('journal');
        await startWorkload(cgroup, 'sleeper');
        const guard = await ownGuard();
        onCleanup({ what: 'guard', undo: () => guard.close() });
        const tracer = await startTracer(openLibc(), guard);
        const run = async (): Promise<string | undefined> => {
          const result = await tracer.capture(captureRequest(cgroup));
          return ('report' in result ? result.report.failure : result.failure)?.reason;
        };
        try {
          expect(await run()).toBeUndefined();
          rmSync(guard.state, { recursive: true });
          expect(await run()).toBe('GuardUnavailable');
          expect(cgroup.freezeState()).toBe('THAWED');
        } finally {
          await tracer.close();
        }
      },
      LONG,
    );
  });
});
