import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContainerTarget } from '../../../../src/node-agent/pure/container-target.js';
import { resolveTarget, type Resolution } from '../../../../src/node-agent/resolve/target.js';
import {
  conmonName,
  containerID,
  containerName,
  LAYOUTS,
  makeHost,
  podPath,
  SELF,
  type Hierarchy,
  type Host,
  type HostKind,
  type Layout,
} from './layouts.js';

const UID = '0f3a5b1c-9d8e-4f70-8a6b-112233445566';
const OTHER_UID = '7e6d5c4b-3a29-4180-9f8e-665544332211';
const LAYOUT: Layout = { driver: 'systemd', qos: 'burstable', runtime: 'containerd', above: '' };

let host: Host | undefined;
afterEach(() => {
  host?.remove();
  host = undefined;
});

function make(kind: HostKind): Host {
  host = makeHost(kind);
  return host;
}

function podOf(current: Host, uid: string = UID, freezer: 'auto' | 'none' = 'auto'): Resolution {
  return resolveTarget({ kind: 'pod', uid, freezer }, current.roots);
}

function containersOf(resolution: Resolution): readonly ContainerTarget[] {
  if (!resolution.ok) throw new Error(resolution.message);
  return resolution.containers;
}

function messageOf(resolution: Resolution): string {
  return resolution.ok ? 'resolved' : resolution.message;
}

/** Two containers, a sandbox, an exited container, and with CRI-O a conmon. */
function fill(current: Host, hierarchy: Hierarchy, layout: Layout, uid: string = UID): void {
  const pod = podPath(layout, uid);
  const base = uid === UID ? 1000 : 2000;
  current.cgroup(hierarchy, `${pod}/${containerName(layout, containerID('a'))}`, [base + 1, base + 2]);
  // crun puts the workload one level below the scope.
  current.cgroup(hierarchy, `${pod}/${containerName(layout, containerID('b'))}/container`, [base + 3]);
  current.cgroup(hierarchy, `${pod}/${containerName(layout, containerID('c'))}`, [base + 9]);
  current.cgroup(hierarchy, `${pod}/${containerName(layout, containerID('d'))}`, []);
  if (layout.runtime === 'cri-o')
    current.cgroup(hierarchy, `${pod}/${conmonName(layout, containerID('a'))}`, [base + 5]);
}

function addSandbox(current: Host): void {
  current.process({ pid: 1009, comm: 'pause', exe: '/pause' });
}

describe.each(LAYOUTS)('a pod under $driver, $qos, $runtime, root "$above"', (layout) => {
  test.each(['v1', 'v2', 'hybrid'] as const)(
    'resolveTarget() finds its containers and no others on a %s host',
    (kind) => {
      const current = make(kind);
      const hierarchies: Hierarchy[] =
        kind === 'v1' ? ['freezer'] : kind === 'v2' ? ['unified'] : ['freezer', 'unified'];
      for (const hierarchy of hierarchies) {
        fill(current, hierarchy, layout);
        fill(current, hierarchy, layout, OTHER_UID);
      }
      addSandbox(current);
      const version = kind === 'v1' ? 'v1' : 'v2';
      const expected = ['a', 'b'].map((digit) => {
        const cgroupPath = `${podPath(layout, UID)}/${containerName(layout, containerID(digit))}`;
        const directory = `${current.mountPoint(kind === 'v1' ? 'freezer' : 'unified')}${cgroupPath}`;
        return { containerID: containerID(digit), directory, cgroupPath, cgroupVersion: version, freezer: version };
      });
      expect(podOf(current)).toEqual({ ok: true, containers: expected });
    },
  );
});

function pathOf(digit: string): string {
  return `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID(digit))}`;
}

describe('which hierarchy', () => {
  test('resolveTarget() chooses v1 for a container whose v2 cgroup is empty', () => {
    const current = make('hybrid');
    current.cgroup('freezer', pathOf('a'), [1, 2]);
    current.cgroup('unified', pathOf('a'), []);
    expect(containersOf(podOf(current))).toMatchObject([{ cgroupVersion: 'v1', freezer: 'v1' }]);
  });

  test('resolveTarget() chooses v1 when a single task is missing in v2', () => {
    const current = make('hybrid');
    current.cgroup('freezer', pathOf('a'), [1, 2]);
    current.cgroup('freezer', `${pathOf('a')}/nested`, [3]);
    current.cgroup('unified', pathOf('a'), [1, 2]);
    expect(containersOf(podOf(current))).toMatchObject([{ cgroupVersion: 'v1' }]);
  });

  test('resolveTarget() uses v1 for all containers when it must for one', () => {
    const current = make('hybrid');
    for (const hierarchy of ['freezer', 'unified'] as const) current.cgroup(hierarchy, pathOf('a'), [1, 2]);
    current.cgroup('freezer', pathOf('b'), [3]);
    expect(containersOf(podOf(current)).map((target) => target.cgroupVersion)).toEqual(['v1', 'v1']);
  });

  test.each(['FREEZING\n', 'FROZEN\n'])('resolveTarget() uses v1 for all where v1 holds one: %j', (state) => {
    const current = make('hybrid');
    for (const hierarchy of ['freezer', 'unified'] as const) {
      current.cgroup(hierarchy, pathOf('a'), [1, 2]);
      current.cgroup(hierarchy, pathOf('b'), [3]);
    }
    writeFileSync(`${current.mountPoint('freezer')}${pathOf('b')}/freezer.state`, state);
    expect(containersOf(podOf(current)).map((target) => target.cgroupVersion)).toEqual(['v1', 'v1']);
  });

  test('resolveTarget() keeps v2 for a container that has no v1 cgroup although another needs v1', () => {
    const current = make('hybrid');
    current.cgroup('freezer', pathOf('a'), [1]);
    current.cgroup('unified', pathOf('b'), [2]);
    expect(containersOf(podOf(current)).map((target) => target.cgroupVersion)).toEqual(['v1', 'v2']);
  });

  test('resolveTarget() prefers a v1 freezer to a v2 cgroup without cgroup.freeze', () => {
    const current = make('hybrid');
    current.cgroup('freezer', pathOf('a'), [1]);
    current.cgroup('unified', pathOf('a'), [1], { freezer: false });
    expect(containersOf(podOf(current))).toMatchObject([{ cgroupVersion: 'v1', freezer: 'v1' }]);
  });

  test('resolveTarget() answers freezer none where the kernel has no cgroup.freeze', () => {
    const current = make('v2');
    current.cgroup('unified', pathOf('a'), [1], { freezer: false });
    expect(containersOf(podOf(current))).toMatchObject([{ cgroupVersion: 'v2', freezer: 'none' }]);
  });

  test('resolveTarget() answers freezer none when that was asked for', () => {
    const current = make('hybrid');
    current.cgroup('freezer', pathOf('a'), [1]);
    expect(containersOf(podOf(current, UID, 'none'))).toMatchObject([{ cgroupVersion: 'v1', freezer: 'none' }]);
  });

  test('resolveTarget() finds a pod that is in another v1 hierarchy only', () => {
    const current = make('v1');
    current.cgroup('memory', pathOf('a'), [1]);
    expect(containersOf(podOf(current))).toMatchObject([
      { cgroupVersion: 'v1', freezer: 'none', directory: `${current.mountPoint('memory')}${pathOf('a')}` },
    ]);
  });
});

describe('sandbox', () => {
  const app = `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID('a'))}`;

  test.each([
    ['two tasks', [1, 2], 'pause', '/pause', true],
    ['another name', [1], 'sleep', '/pause', true],
    ['another program', [1], 'pause', '/bin/sleep', true],
    ['the pause program', [1], 'pause', '/usr/bin/pause', false],
    ['the pause program of a deleted image', [1], 'pause', '/pause (deleted)', false],
    ['the pod program', [1], 'pod', '/pod', false],
  ])('resolveTarget() judges a cgroup with %s', (_, tids, comm, exe, kept) => {
    const current = make('v2');
    current.cgroup('unified', app, tids);
    current.process({ pid: 1, comm, exe });
    const refusal = `pod ${UID} has no running container but its sandbox`;
    expect(messageOf(podOf(current))).toBe(kept ? 'resolved' : refusal);
  });
});

describe('failures', () => {
  test.each([
    '',
    'pod',
    '../../etc',
    `${UID}/..`,
    `${UID}\n`,
    `${UID}/x`,
    '0f3a5b1c9d8e',
    `${UID}0`,
    '.',
    'g'.repeat(32),
  ])('resolveTarget() refuses the UID %j', (uid) => {
    const current = make('v2');
    expect(messageOf(podOf(current, uid))).toMatch(/is not the UID of a pod$/);
  });

  test('resolveTarget() names the UID that no cgroup has', () => {
    expect(messageOf(podOf(make('hybrid')))).toBe(`no cgroup of pod ${UID} on this machine`);
  });

  test('resolveTarget() tells a pod whose containers have all exited', () => {
    const current = make('v2');
    current.cgroup('unified', `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID('d'))}`, []);
    expect(messageOf(podOf(current))).toBe(`pod ${UID} has no running container`);
  });

  test('resolveTarget() refuses the pod that it runs in', () => {
    const current = make('v2');
    current.cgroup('unified', `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID('a'))}/deep`, [SELF]);
    expect(messageOf(podOf(current))).toMatch(/holds this process itself \(pid 900\)/);
  });

  test('resolveTarget() refuses a pod with tasks outside the pid namespace', () => {
    const current = make('v2');
    current.cgroup('unified', `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID('a'))}`, [0]);
    expect(messageOf(podOf(current))).toMatch(/pid namespace/);
  });

  test('resolveTarget() says that no hierarchy is mounted below the cgroup root', () => {
    const current = make('v2');
    const elsewhere = join(current.directory, 'elsewhere');
    mkdirSync(elsewhere);
    const resolution = resolveTarget(
      { kind: 'pod', uid: UID, freezer: 'auto' },
      { ...current.roots, cgroupRoot: elsewhere },
    );
    expect(messageOf(resolution)).toMatch(/no cgroup hierarchy is mounted below/);
  });

  test('resolveTarget() refuses a container that is in two places', () => {
    const current = make('v2');
    for (const above of ['', 'kind'] as const) {
      const layout = { ...LAYOUT, above };
      current.cgroup('unified', `${podPath(layout, UID)}/${containerName(layout, containerID('a'))}`, [1]);
    }
    expect(messageOf(podOf(current))).toMatch(/is in two places/);
  });

  test('resolveTarget() says that mountinfo cannot be read', () => {
    const current = make('v2');
    rmSync(join(current.roots.proc, 'self/mountinfo'));
    expect(messageOf(podOf(current))).toMatch(/mountinfo: ENOENT$/);
  });
});

describe('hostile trees', () => {
  test('resolveTarget() does not look for a pod inside the cgroup of another pod', () => {
    const current = make('v2');
    const forged = `${podPath(LAYOUT, OTHER_UID)}/${containerName(LAYOUT, containerID('e'))}${podPath(LAYOUT, UID)}`;
    current.cgroup('unified', `${forged}/${containerName(LAYOUT, containerID('a'))}`, [1]);
    expect(messageOf(podOf(current))).toBe(`no cgroup of pod ${UID} on this machine`);
  });

  test('resolveTarget() does not follow a link to a pod directory', () => {
    const current = make('v2');
    const outside = join(current.directory, 'outside');
    const pod = dirname(
      current.cgroup('unified', `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID('a'))}`, [1]),
    );
    renameSync(pod, outside);
    symlinkSync(outside, pod);
    expect(messageOf(podOf(current))).toBe(`no cgroup of pod ${UID} on this machine`);
  });

  test('resolveTarget() does not look deeper than twelve levels', () => {
    const current = make('v2');
    const container = `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID('a'))}`;
    current.cgroup('unified', `${'/x'.repeat(9)}${container}`, [1]);
    expect(podOf(current).ok).toBe(false);
    current.cgroup('unified', `${'/y'.repeat(8)}${container}`, [1]);
    expect(podOf(current).ok).toBe(true);
  });

  test('resolveTarget() finds the tasks of a container however deep they are nested', () => {
    const current = make('v2');
    const container = `${podPath(LAYOUT, UID)}/${containerName(LAYOUT, containerID('a'))}`;
    current.cgroup('unified', `${container}${'/n'.repeat(60)}`, [1]);
    expect(podOf(current).ok).toBe(true);
  });
});
