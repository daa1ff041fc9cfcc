import { describe, expect, test } from '@jest/globals';
import { frozenMicroseconds } from '../../../../src/node-agent/pure/frozen-time.js';
import { checkNode, type NodeCheck, type NodeFacts } from '../../../../src/node-agent/pure/node-checks.js';

const freezer = { mountPoint: '/sys/fs/cgroup', own: '/sys/fs/cgroup/mine', writable: true, hasFreezer: true };

const facts: NodeFacts = {
  uid: 0,
  kernel: '6.12.8-amd64',
  v1: undefined,
  v2: freezer,
  effective: '000001ffffffffff',
  seccomp: 'Disabled',
  yama: '1\n',
  lsm: 'lockdown,capability,yama,apparmor',
  label: 'unconfined\n',
  countsFrozenTime: true,
};

function check(change: Partial<NodeFacts>, name: string): NodeCheck | undefined {
  return checkNode({ ...facts, ...change }, []).find((one) => one.name === name);
}

describe('checkNode()', () => {
  test('finds a usual node fit, with one freezer of two', () => {
    const checks = checkNode(facts, [{ version: 'v2', result: 'Passed', message: 'all well' }]);
    expect(checks.filter(({ verdict }) => verdict !== 'Fit')).toEqual([
      { name: 'cgroup v1 freezer', verdict: 'Note', detail: 'not mounted' },
    ]);
    expect(checks.at(-1)).toEqual({ name: 'rehearsal v2', verdict: 'Fit', detail: 'all well' });
  });

  test.each<[string, Partial<NodeFacts>, string, NodeCheck['verdict']]>([
    ['an old kernel', { kernel: '5.2.0' }, 'kernel', 'Unfit'],
    ['the oldest kernel that will do', { kernel: '5.3.0' }, 'kernel', 'Fit'],
    ['a kernel of an unknown version', { kernel: 'unknown' }, 'kernel', 'Note'],
    ['a kernel without thread pidfds', { kernel: '6.8.12' }, 'PIDFD_THREAD', 'Note'],
    ['the first kernel with thread pidfds', { kernel: '6.9.0' }, 'PIDFD_THREAD', 'Fit'],
    ['a user that is not root', { uid: 1000 }, 'user', 'Note'],
    ['no CAP_SYS_PTRACE', { effective: '00000000a80425fb' }, 'CAP_SYS_PTRACE', 'Unfit'],
    ['CAP_SYS_PTRACE alone', { effective: '0000000000080000' }, 'CAP_SYS_PTRACE', 'Fit'],
    ['no capabilities told', { effective: undefined }, 'CAP_SYS_PTRACE', 'Note'],
    ['Yama at 3', { yama: '3\n' }, 'Yama', 'Unfit'],
    ['no Yama', { yama: undefined }, 'Yama', 'Fit'],
    ['an AppArmor profile', { label: 'cri-containerd.apparmor.d (enforce)\n' }, 'confinement', 'Note'],
    ['a profile that only complains', { label: 'docker-default (complain)\n' }, 'confinement', 'Fit'],
    ['an SELinux context', { label: 'system_u:system_r:container_t:s0\0' }, 'confinement', 'Note'],
    ['no confinement', { label: undefined }, 'confinement', 'Fit'],
    ['a seccomp filter', { seccomp: 'Filter' }, 'seccomp', 'Note'],
    ['no securityfs', { lsm: undefined }, 'security modules', 'Note'],
    ['a kernel that counts no frozen time', { countsFrozenTime: false }, 'cgroup.stat.local', 'Note'],
    ['a v2 mount that is read-only', { v1: freezer, v2: { ...freezer, writable: false } }, 'cgroup v2 freezer', 'Note'],
    ['no freezer that can be used', { v2: { ...freezer, writable: false } }, 'cgroup v2 freezer', 'Unfit'],
    ['no freezer at all', { v2: undefined }, 'cgroup v1 freezer', 'Unfit'],
    ['a v2 without freezer', { v2: { ...freezer, hasFreezer: false } }, 'cgroup v2 freezer', 'Unfit'],
  ])('judges %s', (_, change, name, verdict) => {
    expect(check(change, name)?.verdict).toBe(verdict);
  });

  test('calls a node unfit whose rehearsal failed, and not one where there was none', () => {
    const checks = checkNode(facts, [
      { version: 'v1', result: 'Failed', message: 'no' },
      { version: 'v2', result: 'NotRun', message: 'needs root' },
    ]);
    expect(checks.slice(-2).map(({ verdict }) => verdict)).toEqual(['Unfit', 'Note']);
  });
});

describe('frozenMicroseconds()', () => {
  test.each([
    ['frozen_usec 88\n', 88],
    ['other 1\nfrozen_usec 0\n', 0],
    ['frozen_usec -1\n', undefined],
    ['not_frozen_usec 88\n', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => {
    expect(frozenMicroseconds(text)).toBe(expected);
  });
});
