import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ownCgroup } from '../../../../src/node-agent/resolve/own-cgroup.js';
import { likelyWay } from '../../../../src/node-agent/service/likely-way.js';
import { makeHost, SELF, type Hierarchy, type Host } from './layouts.js';

let host: Host | undefined;
afterEach(() => {
  host?.remove();
  host = undefined;
});

const POD = '/kubepods/burstable/pod0f3a5b1c-9d8e-4f70-8a6b-112233445566';
const CONTAINER = `${POD}/${'e'.repeat(64)}`;

/** A host whose agent sees this in /proc/self/cgroup. */
function make(kind: 'v1' | 'v2' | 'hybrid', selfCgroup: string): Host {
  host = makeHost(kind);
  mkdirSync(join(host.roots.proc, 'self'), { recursive: true });
  writeFileSync(join(host.roots.proc, 'self/cgroup'), selfCgroup);
  return host;
}

function fill(current: Host, hierarchy: Hierarchy): string {
  current.cgroup(hierarchy, '', [1]);
  current.cgroup(hierarchy, `${POD}/${'c'.repeat(64)}`, [50]);
  return current.cgroup(hierarchy, CONTAINER, [SELF, SELF + 1]);
}

describe.each([
  ['v2', 'unified', `0::${CONTAINER}\n`],
  ['v1', 'freezer', `4:freezer:${CONTAINER}\n`],
] as const)('on %s', (version, hierarchy, shared) => {
  test("ownCgroup() believes /proc/self/cgroup where the namespace is the host's", () => {
    const current = make(version, shared);
    const directory = fill(current, hierarchy);
    const mount = { mountPoint: current.mountPoint(hierarchy), root: '/' };
    expect(ownCgroup(current.roots, mount, version)).toBe(directory);
  });

  test('ownCgroup() searches where the namespace is private: the path is / and the root /../..', () => {
    const current = make(version, version === 'v2' ? '0::/\n' : '4:freezer:/\n');
    const directory = fill(current, hierarchy);
    const mount = { mountPoint: current.mountPoint(hierarchy), root: '/../../../..' };
    expect(ownCgroup(current.roots, mount, version)).toBe(directory);
  });

  test('ownCgroup() does not believe a path that does not hold this process', () => {
    const current = make(version, version === 'v2' ? '0::/\n' : '4:freezer:/\n');
    const directory = fill(current, hierarchy);
    const mount = { mountPoint: current.mountPoint(hierarchy), root: '/' };
    expect(ownCgroup(current.roots, mount, version)).toBe(directory);
  });

  test('ownCgroup() is undefined where no cgroup of the mount holds this process', () => {
    const current = make(version, shared);
    current.cgroup(hierarchy, CONTAINER, [50]);
    const mount = { mountPoint: current.mountPoint(hierarchy), root: '/' };
    expect(ownCgroup(current.roots, mount, version)).toBeUndefined();
  });

  test('likelyWay() is the hierarchy of the agent itself', () => {
    const current = make(version, shared);
    const directory = fill(current, hierarchy);
    expect(likelyWay(current.roots)).toMatchObject({ directory, cgroupVersion: version, freezer: version });
  });
});

describe('on a hybrid host', () => {
  test("likelyWay() is v2 where the agent's v2 cgroup holds all that its v1 cgroup does", () => {
    const current = make('hybrid', '');
    fill(current, 'freezer');
    fill(current, 'unified');
    expect(likelyWay(current.roots)).toMatchObject({ cgroupVersion: 'v2' });
  });

  test('likelyWay() is v1 where pods are in no v2 cgroup of their own', () => {
    const current = make('hybrid', '');
    const directory = fill(current, 'freezer');
    current.cgroup('unified', '', [1]);
    expect(likelyWay(current.roots)).toMatchObject({ directory, cgroupVersion: 'v1' });
  });

  test('likelyWay() is undefined where the agent is nowhere', () => {
    expect(likelyWay(make('hybrid', '').roots)).toBeUndefined();
  });
});
