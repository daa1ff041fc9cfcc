import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { resolveTarget, type Resolution } from '../../../../src/node-agent/resolve/target.js';
import { containerID, makeHost, SELF, type Host, type HostKind } from './layouts.js';

let host: Host | undefined;
afterEach(() => {
  host?.remove();
  host = undefined;
});

function make(kind: HostKind, mounts?: (directory: string) => readonly string[]): Host {
  host = makeHost(kind, mounts);
  return host;
}

function cgroupOf(current: Host, path: string, freezer: 'auto' | 'none' = 'auto'): Resolution {
  return resolveTarget({ kind: 'cgroup', path, freezer }, current.roots);
}

function messageOf(resolution: Resolution): string {
  return resolution.ok ? 'resolved' : resolution.message;
}

describe('accepted', () => {
  test('resolveTarget() describes a v2 cgroup', () => {
    const current = make('v2');
    const directory = current.cgroup('unified', '/jobs/one', [1]);
    const target = { directory, cgroupPath: '/jobs/one', cgroupVersion: 'v2', freezer: 'v2' };
    expect(cgroupOf(current, directory)).toEqual({ ok: true, containers: [target] });
  });

  test('resolveTarget() describes a v1 freezer cgroup, and its container where the name tells one', () => {
    const current = make('hybrid');
    const name = `cri-containerd-${containerID('a')}.scope`;
    const directory = current.cgroup('freezer', `/jobs/${name}`, [1]);
    const rest = { directory, cgroupPath: `/jobs/${name}`, cgroupVersion: 'v1', freezer: 'v1' };
    expect(cgroupOf(current, directory)).toEqual({
      ok: true,
      containers: [{ containerID: containerID('a'), ...rest }],
    });
  });

  test('resolveTarget() accepts a relative path, a trailing slash and "." segments', () => {
    const current = make('v2');
    const directory = current.cgroup('unified', '/jobs', [1]);
    const before = process.cwd();
    process.chdir(current.mountPoint('unified'));
    try {
      for (const path of [`.//${relative(current.mountPoint('unified'), directory)}/./`, 'jobs']) {
        expect(cgroupOf(current, path)).toMatchObject({ ok: true, containers: [{ directory }] });
      }
    } finally {
      process.chdir(before);
    }
  });

  test('resolveTarget() follows a link on the way to a hierarchy', () => {
    const current = make('v1');
    const directory = current.cgroup('freezer', '/jobs', [1]);
    symlinkSync('freezer', join(current.directory, 'sys/fs/cgroup/freezer-link'));
    const path = join(current.directory, 'sys/fs/cgroup/freezer-link/jobs');
    expect(cgroupOf(current, path)).toMatchObject({ ok: true, containers: [{ directory }] });
  });

  test('resolveTarget() accepts a cgroup whose tasks are all below it', () => {
    const current = make('v2');
    current.cgroup('unified', '/jobs/one/two', [1]);
    expect(cgroupOf(current, `${current.mountPoint('unified')}/jobs`).ok).toBe(true);
  });

  test.each(['v1', 'v2'] as const)('resolveTarget() answers freezer none on %s when asked to', (kind) => {
    const current = make(kind);
    const directory = current.cgroup(kind === 'v1' ? 'freezer' : 'unified', '/jobs', [1]);
    expect(cgroupOf(current, directory, 'none')).toMatchObject({
      containers: [{ cgroupVersion: kind, freezer: 'none' }],
    });
  });

  test('resolveTarget() answers freezer none in a v1 hierarchy without freezer', () => {
    const current = make('v1');
    const directory = current.cgroup('memory', '/jobs', [1]);
    expect(cgroupOf(current, directory)).toMatchObject({ containers: [{ cgroupVersion: 'v1', freezer: 'none' }] });
  });

  test('resolveTarget() answers freezer none for a v2 cgroup without cgroup.freeze', () => {
    const current = make('v2');
    const directory = current.cgroup('unified', '/jobs', [1], { freezer: false });
    expect(cgroupOf(current, directory)).toMatchObject({ containers: [{ cgroupVersion: 'v2', freezer: 'none' }] });
  });
});

describe('refused', () => {
  test.each<[string, (current: Host) => string, RegExp]>([
    ['an empty path', () => '', /is not a path$/],
    ['a NUL', () => '/sys\0/fs', /^"\/sys\\u\{0\}\/fs" is not a path$/],
    ['".."', (current) => `${current.cgroup('unified', '/jobs', [1])}/../jobs`, /a path with "\.\." is not accepted$/],
    ['what does not exist', (current) => `${current.mountPoint('unified')}/gone`, /gone: no such directory$/],
    ['a file', (current) => `${current.cgroup('unified', '/jobs', [1])}/cgroup.freeze`, /not a directory$/],
    [
      'what is below a file',
      (current) => `${current.cgroup('unified', '/jobs', [1])}/cgroup.freeze/x`,
      /not a directory$/,
    ],
    ['another file system', (current) => current.directory, /is not in a cgroup hierarchy$/],
    ['procfs', (current) => `${current.roots.proc}/self`, /is not in a cgroup hierarchy$/],
    ['the root cgroup', (current) => `${current.mountPoint('unified')}/`, /is the root cgroup of its hierarchy/],
    ['an empty cgroup', (current) => current.cgroup('unified', '/jobs', []), /is empty/],
    ['its own cgroup', (current) => current.cgroup('unified', '/jobs', [1, SELF]), /holds this process itself/],
  ])('resolveTarget() refuses %s', (_, path, message) => {
    const current = make('v2');
    expect(messageOf(cgroupOf(current, path(current)))).toMatch(message);
  });

  test('resolveTarget() refuses an ancestor of its own cgroup', () => {
    const current = make('v2');
    current.cgroup('unified', '/jobs/a/b', [SELF]);
    expect(messageOf(cgroupOf(current, `${current.mountPoint('unified')}/jobs`))).toMatch(/holds this process itself/);
  });

  test('resolveTarget() refuses a link inside the hierarchy, wherever it leads', () => {
    const current = make('v2');
    const directory = current.cgroup('unified', '/jobs', [1]);
    const outside = join(current.directory, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'cgroup.threads'), '1\n');
    for (const target of [outside, directory, 'jobs']) {
      const link = join(current.mountPoint('unified'), 'link');
      symlinkSync(target, link);
      expect(messageOf(cgroupOf(current, link))).toMatch(/goes through a symbolic link inside the hierarchy/);
      expect(messageOf(cgroupOf(current, `${link}/x`))).toMatch(/goes through a symbolic link inside the hierarchy/);
      unlinkSync(link);
    }
  });

  test('resolveTarget() refuses a link that leads nowhere, to a file or to the root cgroup', () => {
    const current = make('v2');
    const link = join(current.directory, 'link');
    const file = `${current.cgroup('unified', '/jobs', [1])}/cgroup.freeze`;
    for (const [target, message] of [
      ['/nowhere/at/all', /leads nowhere$/],
      [file, /not a directory$/],
      [current.mountPoint('unified'), /root cgroup/],
    ] as const) {
      symlinkSync(target, link);
      expect(messageOf(cgroupOf(current, link))).toMatch(message);
      unlinkSync(link);
    }
  });

  test('resolveTarget() refuses a cgroup outside the cgroup root', () => {
    const current = make('v1');
    const path = current.cgroup('memory', '/jobs', [1]);
    const roots = { ...current.roots, cgroupRoot: current.mountPoint('freezer') };
    const resolution = resolveTarget({ kind: 'cgroup', path, freezer: 'auto' }, roots);
    expect(messageOf(resolution)).toMatch(/is not in a cgroup hierarchy$/);
  });

  test('resolveTarget() refuses a directory that another mount hides', () => {
    const current = make('v2', (directory) => [`50 40 0:40 / ${directory}/sys/fs/cgroup/jobs rw - tmpfs tmpfs rw`]);
    expect(messageOf(cgroupOf(current, current.cgroup('unified', '/jobs', [1])))).toMatch(
      /is not in a cgroup hierarchy$/,
    );
  });

  test('resolveTarget() prints a hostile path on one line', () => {
    const message = messageOf(cgroupOf(make('v2'), `/\u001b[2J\n${'x'.repeat(300)}`));
    expect(message).toMatch(/^cgroup \/\\u\{1b\}\[2J\\u\{a\}x+…: (no such directory|ENAMETOOLONG)$/);
    expect(message.length).toBeLessThan(260);
  });
});
