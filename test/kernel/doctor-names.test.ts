/** Checks that `stasis doctor` finds and thaws a cgroup whose name is not UTF-8. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

import { afterEach, expect, jest, test } from '@jest/globals';

import { pathBytes } from '../../src/native/path-text.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { examine, nodeBelow } from './harness/doctor.js';
import { startClient, startGuard } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);
/** The timeout per test, in milliseconds, on a machine that may be busy. */
jest.setTimeout(30_000);

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis doctor', (make) => {
    test('finds and thaws what a dead capture left frozen, when its name is not UTF-8', async () => {
      const node = nodeBelow(make('names'));
      const cgroup = (name: string): Buffer => Buffer.from(pathBytes(`${node.root.directory}/a\udcff${name}`));
      const [control, closed, open] =
        version === 'v1' ? ['/freezer.state', 'FROZEN', 'THAWED'] : ['/cgroup.freeze', '1', '0'];
      const state = (): string => readFileSync(cgroup(control), 'utf8').trim();
      mkdirSync(cgroup(''));
      onCleanup({ what: 'the cgroup', undo: () => rmdirSync(cgroup('')) });
      // The doctor takes a cgroup in which it sees no task for one that it cannot judge.
      const sleeper = await startWorkload(node.root, 'sleeper');
      writeFileSync(cgroup('/cgroup.procs'), String(sleeper.pid));
      onCleanup({ what: 'its freezer', undo: () => writeFileSync(cgroup(control), open) });
      const guard = await startGuard();
      const client = await startClient(guard, { directory: `${node.root.directory}/a%ff`, version });
      expect([await client.say('announce 0 900 60000'), await client.say('freeze')]).toEqual(['ok', 'ok']);
      await guard.end('SIGKILL');
      client.kill('SIGKILL');
      await client.died();
      await eventually('frozen', () => state() === closed);
      const { report } = await examine(node, guard.state, '--thaw');
      expect(report.thawed).toMatchObject([{ outcome: 'Thawed' }]);
      expect([report.frozen, state()]).toEqual([[], open]);
    });
  });
}
