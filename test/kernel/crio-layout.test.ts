/**
 * The cgroups that CRI-O makes, under both of kubelet's cgroup drivers, with real processes in them: a pod is found by its UID,
 * and captured and held without its sandbox and without CRI-O's monitors.
 *
 * The names are CRI-O's own (internal/config/cgmgr: `crio-ID`, `crio-conmon-ID`). crun, its default runtime, keeps the processes
 * of a container one level below the scope, in `container` (crun(1), run.oci.systemd.subgroup).
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import type { PodCapture } from '../../src/api/podcapture.js';
import { ascending } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { programPath } from './harness/programs.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { stasis } from './harness/stasis-command.js';
import { assertUntouched, descendantsOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;

interface Driver {
  readonly driver: 'cgroupfs' | 'systemd';
  /** The cgroups from the root to the pod's. */
  readonly above: (uid: string) => readonly string[];
  readonly suffix: '' | '.scope';
}

const DRIVERS: readonly Driver[] = [
  { driver: 'cgroupfs', above: (uid) => ['kubepods', 'burstable', `pod${uid}`], suffix: '' },
  {
    driver: 'systemd',
    above: (uid) => [
      'kubepods.slice',
      'kubepods-burstable.slice',
      `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`,
    ],
    suffix: '.scope',
  },
];

afterEach(cleanupAll);

/** 64 hexadecimal digits, as the runtimes name containers. */
function containerID(): string {
  return `${randomUUID()}${randomUUID()}`.replaceAll('-', '');
}

/** Starts what holds the namespaces of a pod: a program that is called `pause`. */
async function startSandbox(cgroup: Cgroup): Promise<number> {
  const program = join(scratchDirectory(), 'pause');
  copyFileSync(programPath('sleeper'), program);
  const script = 'echo $$ > "$1/cgroup.procs" && { "$2" > /dev/null 2>&1 < /dev/null & echo $!; }';
  const { stdout } = spawnSync('sh', ['-c', script, 'sh', cgroup.directory, program], { encoding: 'utf8' });
  const pid = Number(stdout);
  await eventually('the sandbox runs', () => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'pause');
  return pid;
}

for (const version of ['v1', 'v2'] as const)
  describeOn(version, "a pod in CRI-O's cgroups", (make) => {
    test.each(DRIVERS)(
      'is captured and held whole, without sandbox and conmon ($driver)',
      async ({ above, suffix }) => {
        const uid = randomUUID();
        const pod = above(uid).reduce((cgroup, name) => cgroup.child(name), make('crio'));
        const [first, second, sandbox] = [containerID(), containerID(), containerID()];
        const place = (id: string): Cgroup => pod.child(`crio-${id}${suffix}`).child('container');
        const one = await startWorkload(place(first), 'tree', [3, 4]);
        const two = await startWorkload(place(second), 'tree', [2, 2]);
        const conmon = await startWorkload(pod.child(`crio-conmon-${first}${suffix}`), 'tree', [1, 1]);
        const pause = await startSandbox(place(sandbox));
        const ran = await stasis('checkpoint', '--pod', uid, '--hold', '200ms', '-o', 'json');
        expect(ran).toMatchObject({ status: 0, stderr: expect.any(String) });
        const { status } = JSON.parse(ran.stdout) as PodCapture;
        const pids = [one, two].flatMap(({ pid }) => [pid, ...descendantsOf(pid)]);
        expect(status?.tree?.map(({ pid }) => pid).sort(ascending)).toEqual(pids.sort(ascending));
        expect(status?.containers).toHaveLength(2);
        await assertUntouched([...pids, conmon.pid, ...descendantsOf(conmon.pid), pause]);
      },
      LONG,
    );
  });
