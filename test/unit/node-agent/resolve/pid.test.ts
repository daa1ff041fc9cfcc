import { afterEach, describe, expect, test } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { PF_KTHREAD } from '../../../../src/node-agent/pure/proc-stat.js';
import { resolveTarget, type Resolution } from '../../../../src/node-agent/resolve/target.js';
import { makeHost, SELF, type Host, type HostKind } from './layouts.js';

let host: Host | undefined;
afterEach(() => {
  host?.remove();
  host = undefined;
});

function make(kind: HostKind): Host {
  host = makeHost(kind);
  return host;
}

function pidOf(current: Host, pid: number, freezer: 'auto' | 'none' = 'auto'): Resolution {
  return resolveTarget({ kind: 'pid', pid, freezer }, current.roots);
}

function messageOf(resolution: Resolution): string {
  return resolution.ok ? 'resolved' : resolution.message;
}

interface Case {
  readonly name: string;
  readonly kind: HostKind;
  readonly cgroup: string;
  readonly freezer?: Readonly<Record<string, readonly number[]>>;
  readonly unified?: Readonly<Record<string, readonly number[]>>;
  readonly version: 'v1' | 'v2';
  readonly path: string;
}

describe('choice', () => {
  test.each<Case>([
    { name: 'v2 on a v2 host', kind: 'v2', cgroup: '0::/a\n', unified: { '/a': [42] }, version: 'v2', path: '/a' },
    {
      name: 'v1 on a v1 host',
      kind: 'v1',
      cgroup: '7:freezer:/a\n',
      freezer: { '/a': [42] },
      version: 'v1',
      path: '/a',
    },
    {
      name: 'v1 when the v2 cgroup is the root',
      kind: 'hybrid',
      cgroup: '7:freezer:/a\n0::/\n',
      freezer: { '/a': [42] },
      version: 'v1',
      path: '/a',
    },
    {
      name: 'v2 when the v1 freezer cgroup is the root',
      kind: 'hybrid',
      cgroup: '7:freezer:/\n0::/b\n',
      unified: { '/b': [42] },
      version: 'v2',
      path: '/b',
    },
    {
      name: 'v2 when it holds all that v1 holds, and more',
      kind: 'hybrid',
      cgroup: '7:freezer:/a\n0::/b\n',
      freezer: { '/a': [42], '/a/below': [43] },
      unified: { '/b': [42, 44], '/b/elsewhere': [43] },
      version: 'v2',
      path: '/b',
    },
    {
      name: 'v1 when v2 lacks a task',
      kind: 'hybrid',
      cgroup: '7:freezer:/a\n0::/b\n',
      freezer: { '/a': [42, 43] },
      unified: { '/b': [42] },
      version: 'v1',
      path: '/a',
    },
    {
      name: 'a path with colons',
      kind: 'v2',
      cgroup: '0::/a:b:c\n',
      unified: { '/a:b:c': [42] },
      version: 'v2',
      path: '/a:b:c',
    },
  ])('resolveTarget() chooses $name', ({ kind, cgroup, freezer, unified, version, path }) => {
    const current = make(kind);
    for (const [name, tids] of Object.entries(freezer ?? {})) current.cgroup('freezer', name, tids);
    for (const [name, tids] of Object.entries(unified ?? {})) current.cgroup('unified', name, tids);
    current.process({ pid: 42, cgroup });
    const directory = `${current.mountPoint(version === 'v1' ? 'freezer' : 'unified')}${path}`;
    const target = { directory, cgroupPath: path, cgroupVersion: version, freezer: version };
    expect(pidOf(current, 42)).toEqual({ ok: true, containers: [target] });
    expect(pidOf(current, 42, 'none')).toEqual({ ok: true, containers: [{ ...target, freezer: 'none' }] });
  });

  test('resolveTarget() chooses v1 when that has frozen it', () => {
    const current = make('hybrid');
    for (const hierarchy of ['freezer', 'unified'] as const) current.cgroup(hierarchy, '/a', [42]);
    current.process({ pid: 42, cgroup: '7:freezer:/a\n0::/a\n' });
    expect(pidOf(current, 42)).toMatchObject({ ok: true, containers: [{ freezer: 'v2' }] });
    writeFileSync(`${current.mountPoint('freezer')}/a/freezer.state`, 'FROZEN\n');
    expect(pidOf(current, 42)).toMatchObject({ ok: true, containers: [{ freezer: 'v1' }] });
  });

  test('resolveTarget() asks a living thread when the leader is dead', () => {
    const current = make('v1');
    current.cgroup('freezer', '/a', [43]);
    current.process({ pid: 42, state: 'Z', cgroup: '7:freezer:/\n' });
    current.thread(42, { pid: 43, cgroup: '7:freezer:/a\n' });
    expect(pidOf(current, 42)).toMatchObject({ ok: true, containers: [{ cgroupPath: '/a' }] });
  });
});

describe('refused', () => {
  test.each([0, -1, 1.5, Number.NaN, 2 ** 31, Infinity])('resolveTarget() refuses the pid %d', (pid) => {
    expect(messageOf(pidOf(make('v2'), pid))).toBe(`${pid} is not a process id`);
  });

  test('resolveTarget() says that there is no such process', () => {
    expect(messageOf(pidOf(make('v2'), 4242))).toBe('no process 4242');
  });

  test('resolveTarget() refuses a kernel thread', () => {
    const current = make('v2');
    current.process({ pid: 2, comm: 'kthreadd', flags: PF_KTHREAD });
    expect(messageOf(pidOf(current, 2))).toMatch(/^process 2 \(kthreadd\) is a kernel thread/);
  });

  test('resolveTarget() refuses a zombie, and prints its name on one line', () => {
    const current = make('v2');
    current.process({ pid: 42, comm: 'a\n) Z', state: 'Z' });
    expect(messageOf(pidOf(current, 42))).toMatch(/^process 42 \(a\\u\{a\}\) Z\) is a zombie/);
  });

  test('resolveTarget() names both root cgroups', () => {
    const current = make('hybrid');
    current.process({ pid: 42, cgroup: '7:freezer:/\n0::/\n' });
    expect(messageOf(pidOf(current, 42))).toBe(
      `process 42 is in no cgroup that can be captured: v2: the root cgroup ${current.mountPoint('unified')}; ` +
        `v1 freezer: the root cgroup ${current.mountPoint('freezer')}`,
    );
  });

  test('resolveTarget() refuses a cgroup outside the cgroup namespace', () => {
    const current = make('v2');
    current.process({ pid: 42, cgroup: '0::/../../kubepods/x\n' });
    expect(messageOf(pidOf(current, 42))).toMatch(/\/\.\.\/\.\.\/kubepods\/x is not below the mount point/);
  });

  test('resolveTarget() refuses a removed cgroup', () => {
    const current = make('v2');
    current.process({ pid: 42, cgroup: '0::/a (deleted)\n' });
    expect(messageOf(pidOf(current, 42))).toMatch(/\/a does not exist/);
  });

  test('resolveTarget() refuses a cgroup that does not list the process', () => {
    const current = make('v2');
    current.cgroup('unified', '/a', [1]);
    current.process({ pid: 42, cgroup: '0::/a\n' });
    expect(messageOf(pidOf(current, 42))).toMatch(/^process 42 is not, or no longer, in cgroup/);
  });

  test('resolveTarget() refuses a process of its own cgroup', () => {
    const current = make('v2');
    current.cgroup('unified', '/a', [42, SELF]);
    current.process({ pid: 42, cgroup: '0::/a\n' });
    expect(messageOf(pidOf(current, 42))).toMatch(/holds this process itself/);
  });

  test('resolveTarget() says which file of the process is damaged', () => {
    const current = make('v2');
    current.process({ pid: 42, cgroup: 'nonsense\n' });
    expect(messageOf(pidOf(current, 42))).toBe('process 42: /proc/PID/cgroup: line 1 cannot be read: "nonsense"');
  });

  test('resolveTarget() says that a process went while it was looked at', () => {
    const current = make('v2');
    current.process({ pid: 42 });
    rmSync(`${current.roots.proc}/42/cgroup`);
    expect(messageOf(pidOf(current, 42))).toBe('no process 42');
  });
});
