/** Finds the cgroup of the agent from inside a private cgroup namespace, as containers on cgroup v2 have. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { cleanupAll } from './harness/cleanup.js';
import { REPOSITORY } from './harness/programs.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';

/** Enters the cgroup $1, then a cgroup namespace whose root is that cgroup, and runs the command there. */
const ENTER = 'echo $$ > "$1/cgroup.procs" && shift && exec unshare -C "$@"';

/** Prints the result of ownCgroup() as JSON, after a rehearsal whose cgroups are made inside the cgroup that was found. */
const LOOK = `
const [home, version, state] = process.argv.slice(1);
(async () => {
  const use = (file) => import(home + '/build/src/' + file);
  const [{ ownCgroup }, { readHierarchies }, { rehearse }, { startTracer }, { openLibc }, own] = await Promise.all([
    use('node-agent/resolve/own-cgroup.js'), use('node-agent/resolve/hierarchies.js'), use('node-agent/tracer/rehearsal.js'),
    use('node-agent/tracer/tracer.js'), use('native/libc.js'), use('node-agent/tracer/own-guard.js'),
  ]);
  const roots = { proc: '/proc', self: process.pid };
  const { value } = readHierarchies(roots);
  const mount = version === 'v1' ? value.freezerV1 : value.unified;
  const { guard } = await own.startOwnGuard(openLibc(), { program: own.BUILT_GUARD, state });
  const tracer = await startTracer(openLibc(), guard);
  const way = { directory: '/', cgroupPath: '/', cgroupVersion: version, freezer: version };
  const refusal = await rehearse(tracer, roots, [way]);
  await tracer.close();
  guard.close();
  console.log(JSON.stringify({ root: mount.root, own: ownCgroup(roots, mount, version), refusal: refusal ?? null }));
})();
`;

afterEach(cleanupAll);

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'ownCgroup() in a private cgroup namespace', (make) => {
    test('finds the directory by the process, and a rehearsal runs there', () => {
      const cgroup = make('host').child('pod').child('container');
      const command = ['node', '-e', LOOK, join(REPOSITORY, '.'), version, join(scratchDirectory(), 'state')];
      const { stdout, stderr } = spawnSync('sh', ['-c', ENTER, 'sh', cgroup.directory, ...command], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({
        root: expect.stringMatching(/^(\/\.\.)+$/),
        own: cgroup.directory,
        refusal: null,
      });
    }, 60_000);
  });
}
