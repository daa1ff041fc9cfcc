/** The command with a guard that does not answer, and with few file descriptors. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { cleanupAll } from './harness/cleanup.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { STASIS, startStasis } from './harness/stasis-command.js';
import { isAlive } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;

afterEach(cleanupAll);

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis checkpoint', (make) => {
    test(
      'ends, and ends the guard, when the guard does not answer',
      async () => {
        const cgroup = make('silent');
        await startWorkload(cgroup, 'sleeper');
        const [guard, pidFile] = [join(scratchDirectory(), 'guard.sh'), join(scratchDirectory(), 'pid')];
        writeFileSync(guard, `#!/bin/sh\necho $$ > ${pidFile}\nexec sleep 600\n`);
        chmodSync(guard, 0o755);
        const command = [`env`, `STASIS_GUARD=${guard}`, STASIS];
        const { status, stderr } = await startStasis(['checkpoint', '--cgroup', cgroup.directory], command).ended;
        expect([status, stderr]).toEqual([1, expect.stringMatching(/GuardUnavailable: .*ETIMEDOUT/)]);
        const pid = Number(readFileSync(pidFile, 'utf8'));
        await eventually('the guard is gone', () => !isAlive(pid));
        expect(cgroup.freezeState()).toBe('THAWED');
      },
      LONG,
    );

    test(
      'captures 300 processes with 256 file descriptors',
      async () => {
        const cgroup = make('few');
        await startWorkload(cgroup, 'tree', [300, 1]);
        const command = ['prlimit', '--nofile=256:256', STASIS];
        const { status, stdout } = await startStasis(
          ['checkpoint', '--cgroup', cgroup.directory, '-o', 'json'],
          command,
        ).ended;
        expect(status).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({ status: { processes: 301, threads: 301 } });
      },
      LONG,
    );
  });
}
