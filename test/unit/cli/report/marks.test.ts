import { describe, expect, test } from '@jest/globals';
import type { PrintedRow } from '../../../../src/api/podcapture.js';
import { describeKind, isUnusual, MARK_KINDS, NOTE_KINDS, type Mark } from '../../../../src/cli/report/mark-kinds.js';
import { markRow, usualOf } from '../../../../src/cli/report/marks.js';
import { readRow } from '../../../../src/cli/report/read-rows.js';
import { processRow, threadRow } from '../../builders.js';

const NONE = '0000000000000000';
const ids = (id: number) => ({ real: id, effective: id, saved: id, filesystem: id });
const sets = (values: Partial<PrintedRow['capabilities']>) => ({
  inheritable: NONE,
  permitted: NONE,
  effective: NONE,
  bounding: NONE,
  ambient: NONE,
  ...values,
});

/** A process like most: neither root nor without a filter. */
const common: Partial<PrintedRow> = { uids: ids(33), gids: ids(33), seccomp: 'Filter', exe: '/usr/bin/app' };

/** The marks of a process in a container with three common ones. */
function marksOf(values: Partial<PrintedRow>, foreign = false): readonly Mark[] {
  const others = [1, 2, 3].map((pid) => readRow(processRow({ pid, ...common })));
  const row = readRow(processRow({ pid: 9, ...common, ...values }));
  return markRow(row, usualOf([...others, row]), foreign);
}

const CASES: readonly (readonly [what: string, values: Partial<PrintedRow>, marks: readonly Mark[]])[] = [
  ['nothing', {}, []],
  [
    'a capability beyond the default',
    { capabilities: sets({ permitted: '0000000000200001', effective: NONE }) },
    [{ kind: 'capabilities', detail: 'SYS_ADMIN' }],
  ],
  [
    'all capabilities, in a user namespace of its own',
    { capabilities: sets({ permitted: '000001ffffffffff' }), containerUids: ids(0) },
    [{ kind: 'capabilities', detail: 'all 41 (in its own user namespace)' }],
  ],
  [
    'a capability in the bounding set',
    { capabilities: sets({ bounding: '0000000000001000' }) },
    [{ kind: 'bounding', detail: 'NET_ADMIN' }],
  ],
  [
    'a capability in the bounding set that no_new_privs keeps it from',
    { capabilities: sets({ bounding: '0000000000001000' }), noNewPrivileges: true },
    [],
  ],
  ['a program in memory', { exe: '/memfd:x (deleted)' }, [{ kind: 'memfd', detail: '/memfd:x (deleted)' }]],
  ['a deleted program', { exe: '/bin/a (deleted)' }, [{ kind: 'deleted', detail: '/bin/a (deleted)' }]],
  ['a program in /dev/shm', { exe: '/dev/shm/a' }, [{ kind: 'temporary', detail: '/dev/shm/a' }]],
  ['a program in a folder that is only called so', { exe: '/tmpfiles/a' }, []],
  [
    'the name of a kernel thread',
    { comm: 'kworker/0:1' },
    [{ kind: 'kernelName', detail: 'kworker/0:1 runs /usr/bin/app' }],
  ],
  ['brackets', { comm: '[x]' }, [{ kind: 'kernelName', detail: '[x] runs /usr/bin/app' }]],
  ['a name that only begins so', { comm: 'migrations' }, []],
  ['characters that turn the text', { comm: 'a\u202eb' }, [{ kind: 'deceptive', detail: 'comm' }]],
  ['a backslash, which is no deception', { comm: 'a\\b' }, []],
  [
    'a set-user-ID program',
    { uids: { real: 33, effective: 0, saved: 0, filesystem: 0 }, gids: ids(33) },
    [{ kind: 'identity', detail: 'uid real 33, effective 0, saved 0' }, { kind: 'root' }],
  ],
  [
    'a thread with an ID of its own',
    { threads: [threadRow({ tid: 9 }), threadRow({ tid: 10, uids: ids(0) })] },
    [{ kind: 'threads', detail: '1 of 2' }],
  ],
  [
    'another mount namespace',
    { namespaces: { mnt: 7, net: 4026531840, pid: 4026531836 } },
    [{ kind: 'namespaces', detail: 'mnt' }],
  ],
  ['root', { uids: ids(0) }, [{ kind: 'root' }]],
  ['root in a user namespace', { uids: ids(0), containerUids: ids(0) }, []],
  ['no filter', { seccomp: 'Disabled' }, [{ kind: 'seccomp' }]],
  ['a stop', { state: 'Stopped', stopSignal: 'SIGTSTP' }, [{ kind: 'stopped', detail: 'SIGTSTP' }]],
  ['a stop that is pending', { pendingStopSignals: ['SIGSTOP'] }, [{ kind: 'stopped', detail: 'SIGSTOP pending' }]],
  ['a dead leader', { leaderDead: true }, [{ kind: 'leaderDead' }]],
  ['a change meanwhile', { unsettled: true }, [{ kind: 'unsettled' }]],
  ['a zombie that was root', { state: 'Zombie', uids: ids(0), seccomp: 'Disabled', threads: [] }, [{ kind: 'zombie' }]],
];

describe('markRow() with', () => {
  test.each(CASES)('%s', (_, values, marks) => {
    expect(marksOf(values)).toEqual(marks);
  });

  test('a cgroup of no container', () => {
    expect(marksOf({ cgroup: '/x' }, true)).toEqual([{ kind: 'foreign', detail: '/x' }]);
  });

  test('fields that are missing or wrong', () => {
    const row = readRow({ ...processRow({ pid: 1, ...common }), ppid: '1', uids: undefined });
    expect(markRow(row, usualOf([row]), false)).toContainEqual({ kind: 'damaged', detail: 'ppid, uids' });
  });

  test('root and no filter in a container of such: notes, which make nothing unusual', () => {
    const row = readRow(processRow({ pid: 1 }));
    const marks = markRow(row, usualOf([row]), false);
    expect(marks).toEqual([{ kind: 'rootNote' }, { kind: 'seccompNote' }]);
    expect(marks.some(({ kind }) => isUnusual(kind))).toBe(false);
  });
});

function rowOf(pid: number, mnt: number, values: Partial<PrintedRow> = {}) {
  return readRow(processRow({ pid, namespaces: { mnt }, ...values }));
}

test('usualOf() takes the most frequent value, of equally frequent ones the first, and asks no zombie', () => {
  expect(usualOf([rowOf(1, 5), rowOf(2, 6), rowOf(3, 6)]).namespaces).toEqual({ mnt: 6 });
  expect(usualOf([rowOf(1, 5), rowOf(2, 6)]).namespaces).toEqual({ mnt: 5 });
  const zombies = [2, 3].map((pid) => rowOf(pid, 6, { state: 'Zombie', seccomp: 'Filter', threads: [] }));
  expect(usualOf([rowOf(1, 5), ...zombies])).toEqual({ namespaces: { mnt: 5 }, seccomp: 'Disabled', root: true });
  expect(usualOf([])).toEqual({ namespaces: {}, seccomp: 'Disabled', root: false });
});

test('every kind says in a sentence why to look', () => {
  for (const kind of [...Object.keys(MARK_KINDS), ...Object.keys(NOTE_KINDS)] as Mark['kind'][]) {
    expect(describeKind(kind).why).toMatch(/^[A-Z].*\.$/);
  }
});
