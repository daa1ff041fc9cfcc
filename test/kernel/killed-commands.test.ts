/** Kills the command at random instants, and looks for what is left behind: cgroups, closed freezers, traced tasks. STASIS_KILLS sets how often. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { cleanupAll } from './harness/cleanup.js';
import { findHierarchy, type CgroupVersion } from './harness/hierarchy.js';
import { describeOn } from './harness/requirements.js';
import { startStasis, stasis } from './harness/stasis-command.js';
import { assertUntouched, descendantsOf } from './harness/tasks.js';
import { startWorkload } from './harness/workload.js';

const KILLS = Number(process.env['STASIS_KILLS'] ?? 20);
/** The command takes 350 ms on a quiet machine, so that a kill strikes anywhere from the start of Node to the output. */
const LIFE_MS = 400;

afterEach(cleanupAll);

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'a command that is killed at any instant', (make) => {
    test(
      'leaves no cgroup, no closed freezer and no tracee behind, and the next command captures',
      async () => {
        const cgroup = make('killed');
        const { pid } = await startWorkload(cgroup, 'tree', [2, 2]);
        const members = [pid, ...descendantsOf(pid)];
        const before = ownCgroups(version);
        for (let kill = 0; kill < KILLS; kill++) {
          const command = startStasis(['checkpoint', '--cgroup', cgroup.directory]);
          await sleep(Math.random() * LIFE_MS);
          command.kill('SIGKILL');
          await command.ended;
        }
        const { status, stderr } = await stasis('checkpoint', '--cgroup', cgroup.directory);
        expect([status, stderr]).toEqual([0, '']);
        expect(cgroup.freezeState()).toBe('THAWED');
        await assertUntouched(members);
        expect(ownCgroups(version)).toEqual(before);
      },
      60_000 + 2 * LIFE_MS * KILLS,
    );
  });
}

/** Names of cgroups that Stasis makes for its own purposes, where a command of this process would make them. */
function ownCgroups(version: CgroupVersion): string[] {
  const hierarchy = findHierarchy(version);
  if (!hierarchy.ok) throw new Error(hierarchy.reason);
  return readdirSync(hierarchy.directory).filter((name) => /^stasis-(?!test-)/.test(name));
}
