/** The guard before Linux 6.9, where the kernel does not tell it of the end of a thread: it looks every 20 ms. */
import { afterEach, expect, test } from '@jest/globals';

import { openGuard } from '../../src/native/guard-channel.js';
import { openLibc } from '../../src/native/libc.js';
import { cleanupAll } from './harness/cleanup.js';
import { startClient, startGuard } from './harness/guard.js';
import { programPath } from './harness/programs.js';
import { describeOn } from './harness/requirements.js';
import { assertUntouched, descendantsOf } from './harness/tasks.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis-guard without pidfds of threads', (make) => {
    test.each(['end-thread', 'SIGKILL'] as const)('thaws after the death of the tracing thread by %s', async (how) => {
      const cgroup = make('old');
      const tree = await startWorkload(cgroup, 'tree', [3, 3]);
      const guard = await startGuard({ program: programPath('guard-of-old-kernel') });
      const channel = openGuard(openLibc(), { socket: guard.socket }, { pid: process.pid, tid: process.pid });
      expect(channel).toMatchObject({ seesThreads: false });
      if (typeof channel !== 'number') channel.close();
      const client = await startClient(guard, cgroup);
      await client.say('announce 0 900 60000');
      await client.say('freeze');
      await client.say('seize');
      if (how === 'SIGKILL') client.kill(how);
      else await client.say(how);
      expect(await guard.logged('released')).toMatchObject({ outcome: 'Thawed' });
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([tree.pid, ...descendantsOf(tree.pid)]);
      expect(client.dead()).toBe(how === 'SIGKILL');
    });
  });
}
