import { afterEach, describe, expect, test } from '@jest/globals';
import { resolveContainers, type ContainersResolution } from '../../../../src/node-agent/resolve/containers.js';
import {
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
const LAYOUT: Layout = { driver: 'systemd', qos: 'burstable', runtime: 'containerd', above: '' };
const WANTED = [
  { name: 'web', containerID: containerID('b') },
  { name: 'app', containerID: containerID('a') },
];

let host: Host | undefined;
afterEach(() => {
  host?.remove();
  host = undefined;
});

function make(kind: HostKind): Host {
  host = makeHost(kind);
  return host;
}

function path(digit: string, layout: Layout = LAYOUT): string {
  return `${podPath(layout, UID)}/${containerName(layout, containerID(digit))}`;
}

/** Two that are asked for, one that is not, and the sandbox. */
function fill(current: Host, hierarchy: Hierarchy, layout: Layout = LAYOUT): void {
  for (const [index, digit] of ['a', 'b', 'c', 'd'].entries())
    current.cgroup(hierarchy, path(digit, layout), [1000 + index]);
}

function resolve(current: Host, containers = WANTED, uid = UID): ContainersResolution {
  return resolveContainers({ uid, containers, freezer: 'auto' }, current.roots);
}

describe.each(LAYOUTS)('under $driver, $qos, $runtime, root "$above"', (layout) => {
  test.each(['v1', 'v2', 'hybrid'] as const)(
    'resolveContainers() finds exactly those on a %s host, in order',
    (kind) => {
      const current = make(kind);
      if (kind !== 'v2') fill(current, 'freezer', layout);
      if (kind !== 'v1') fill(current, 'unified', layout);
      const version = kind === 'v1' ? 'v1' : 'v2';
      const expected = WANTED.map(({ name, containerID: id }) => {
        const cgroupPath = path(id.charAt(0), layout);
        const directory = `${current.mountPoint(kind === 'v1' ? 'freezer' : 'unified')}${cgroupPath}`;
        return { name, containerID: id, directory, cgroupPath, cgroupVersion: version, freezer: version };
      });
      expect(resolve(current)).toEqual({ ok: true, containers: expected });
    },
  );
});

describe('refusals', () => {
  test('resolveContainers() names the container whose cgroup is gone', () => {
    const current = make('v2');
    fill(current, 'unified');
    const gone = { name: 'gone', containerID: containerID('9') };
    expect(resolve(current, [...WANTED, gone])).toMatchObject({
      ok: false,
      failure: { reason: 'CgroupGone', message: expect.stringContaining('container gone (999') },
    });
  });

  test('resolveContainers() takes an empty cgroup for gone', () => {
    const current = make('v1');
    fill(current, 'freezer');
    current.cgroup('freezer', path('a'), []);
    expect(resolve(current)).toMatchObject({
      failure: { reason: 'CgroupGone', message: expect.stringContaining('app') },
    });
  });

  test('resolveContainers() takes a pod that is not here for gone', () => {
    const current = make('v2');
    expect(resolve(current)).toMatchObject({ failure: { reason: 'CgroupGone' } });
  });

  test.each([
    ['a container that is asked for', 'a'],
    ['a container that is not asked for', 'c'],
  ])('resolveContainers() refuses the pod of which %s holds this process', (_, digit) => {
    const current = make('hybrid');
    fill(current, 'freezer');
    fill(current, 'unified');
    current.cgroup('unified', path(digit), [1000, SELF]);
    expect(resolve(current)).toMatchObject({
      failure: { reason: 'StasisPod', message: expect.stringContaining(String(SELF)) },
    });
  });

  test('resolveContainers() refuses a pod that holds this process deeper inside', () => {
    const current = make('v2');
    fill(current, 'unified');
    current.cgroup('unified', `${path('c')}/nested`, [SELF]);
    expect(resolve(current)).toMatchObject({ failure: { reason: 'StasisPod' } });
  });

  test('resolveContainers() refuses what is no UID, and what cannot be seen into', () => {
    const current = make('v2');
    fill(current, 'unified');
    expect(resolve(current, WANTED, '../..')).toMatchObject({ failure: { reason: 'InvalidTarget' } });
    current.cgroup('unified', path('a'), [0]);
    expect(resolve(current)).toMatchObject({ failure: { reason: 'HostUnfit' } });
  });
});
