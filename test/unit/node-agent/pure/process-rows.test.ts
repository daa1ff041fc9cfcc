import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { processRows, type CapturedTask, type TreeFacts } from '../../../../src/node-agent/pure/process-rows.js';
import type { ProcStatus } from '../../../../src/node-agent/pure/proc-status.js';
import { processRow } from '../../builders.js';

function status(facts: Partial<ProcStatus> & Pick<ProcStatus, 'pid'>): ProcStatus {
  const { uids, gids, capabilities } = processRow({ pid: facts.pid });
  return {
    comm: 'sh',
    state: 't',
    tgid: facts.pid,
    ppid: 1,
    tracerPid: 0,
    uids,
    gids,
    capabilities,
    nsPids: [facts.pid],
    nsTids: [facts.pid],
    pgid: facts.pid,
    sid: facts.pid,
    noNewPrivileges: false,
    seccomp: 'Disabled',
    ...facts,
  };
}

function task(facts: Partial<ProcStatus> & Pick<ProcStatus, 'pid'>, stopSignal = 0): CapturedTask {
  const whole = status(facts);
  return {
    tid: facts.pid,
    tgid: whole.tgid,
    comm: whole.comm,
    isDead: whole.state === 'Z',
    credentials: credentials(0),
    pendingStops: 0,
    sharedPendingStops: 0,
    isUnsettled: false,
    status: whole,
    stopSignal,
    cgroup: '/pod',
  };
}

/** The lines of a status file that are compared, of a task with this user id. */
function credentials(uid: number, seccomp = 0): string {
  const sets = ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((name) => `Cap${name}:\t0000000000000000\n`).join('');
  const ids = `\t${uid}`.repeat(4).slice(1);
  return `Uid:\t${ids}\nGid:\t${ids}\n${sets}NoNewPrivs:\t0\nSeccomp:\t${seccomp}\n`;
}

function rows(tasks: readonly CapturedTask[], facts: Partial<TreeFacts> = {}) {
  return processRows({
    tasks,
    unlistedLeaders: new Map(),
    zombies: new Map(),
    processes: new Map(),
    bootTime: 0,
    ...facts,
  });
}

describe('processRows()', () => {
  test('puts the threads of a process together, the leader first', () => {
    const found = rows([task({ pid: 12, tgid: 20, comm: 'worker' }), task({ pid: 20 }), task({ pid: 21, tgid: 20 })]);
    expect(found.map((row) => [row.pid, row.threads.map((thread) => thread.tid)])).toEqual([[20, [20, 12, 21]]]);
  });

  test('gives the start time from boot time and ticks', () => {
    const processes = new Map([[5, { startTimeTicks: 12_345, namespaces: { mnt: 1 }, exe: '/bin/sh' }]]);
    const [row] = rows([task({ pid: 5 })], { processes, bootTime: 1_700_000_000 });
    expect(row).toMatchObject({ startTime: '2023-11-14T22:15:23.450Z', exe: '/bin/sh', namespaces: { mnt: 1 } });
  });

  test('says Stopped with the signal where it is known', () => {
    const [known, unknown] = rows([task({ pid: 5 }, 20), task({ pid: 6 }, -1)]);
    expect([known?.state, known?.stopSignal]).toEqual(['Stopped', 'SIGTSTP']);
    expect([unknown?.state, unknown?.stopSignal]).toEqual(['Stopped', undefined]);
  });

  test('names a leader that has exited while its threads live', () => {
    const unlistedLeaders = new Map([[30, status({ pid: 30, state: 'Z', comm: 'main' })]]);
    const [row] = rows([task({ pid: 31, tgid: 30 })], { unlistedLeaders });
    expect(row).toMatchObject({ pid: 30, comm: 'main', state: 'Alive', leaderDead: true });
    expect(row?.threads.map((thread) => [thread.tid, thread.state])).toEqual([
      [30, 'Zombie'],
      [31, 'Alive'],
    ]);
  });

  test('gives the credentials and the seccomp mode of a thread where they differ from those of its leader', () => {
    const leader = task({ pid: 20 });
    const same = task({ pid: 21, tgid: 20 });
    const other = { ...task({ pid: 22, tgid: 20 }), credentials: credentials(65534, 2) };
    const [row] = rows([leader, same, other]);
    expect(row?.threads[1]).toEqual({ tid: 21, comm: 'sh', state: 'Alive' });
    const ids = { real: 65534, effective: 65534, saved: 65534, filesystem: 65534 };
    expect(row?.threads[2]).toEqual({ tid: 22, comm: 'sh', state: 'Alive', uids: ids, gids: ids, seccomp: 'Filter' });
  });

  test('names pending stop signals: those of the process, and those of a thread alone', () => {
    const leader = { ...task({ pid: 20 }), sharedPendingStops: 1 << 18 };
    const thread = { ...task({ pid: 21, tgid: 20 }), pendingStops: (1 << 19) | (1 << 21) };
    const [row] = rows([leader, thread]);
    expect(row?.pendingStopSignals).toEqual(['SIGSTOP']);
    expect(row?.threads.map((each) => each.pendingStopSignals)).toEqual([undefined, ['SIGTSTP', 'SIGTTOU']]);
  });

  test('marks a thread whose looks before and after the pause did not agree', () => {
    const thread = { ...task({ pid: 21, tgid: 20 }), isUnsettled: true };
    const [row] = rows([task({ pid: 20 }), thread]);
    expect(row?.threads.map((each) => each.unsettled)).toEqual([undefined, true]);
    expect(row?.unsettled).toBeUndefined();
  });

  test('gives the ids as the user namespace of the process sees them, 65534 for those without a mapping', () => {
    const maps = [{ inside: 0, outside: 100_000, count: 65_536 }];
    const processes = new Map([[5, { startTimeTicks: 1, namespaces: {}, idMaps: { uids: maps, gids: maps } }]]);
    const uids = { real: 100_000, effective: 100_033, saved: 100_000, filesystem: 0 };
    const [row] = rows([task({ pid: 5, uids })], { processes });
    expect(row?.uids).toEqual(uids);
    expect(row?.containerUids).toEqual({ real: 0, effective: 33, saved: 0, filesystem: 65534 });
  });

  test('takes zombies whose parent is captured, in the cgroup of the parent, and no others', () => {
    const zombies = new Map([
      [40, status({ pid: 40, ppid: 5, state: 'Z' })],
      [41, status({ pid: 41, ppid: 999, state: 'Z' })],
    ]);
    const found = rows([task({ pid: 5 })], { zombies });
    expect(found.map((row) => [row.pid, row.state, row.cgroup, row.threads.length])).toEqual([
      [5, 'Alive', '/pod', 1],
      [40, 'Zombie', '/pod', 0],
    ]);
  });

  test('puts parents before children, and every process once, whatever the forest', () => {
    const forest = fc.uniqueArray(
      fc.record({ pid: fc.integer({ min: 2, max: 60 }), up: fc.integer({ min: 1, max: 59 }) }),
      {
        selector: (one) => one.pid,
      },
    );
    fc.assert(
      fc.property(forest, (processes) => {
        // A parent has a smaller number here, so that there is no cycle, as there is none in a kernel.
        const found = rows(processes.map(({ pid, up }) => task({ pid, ppid: Math.max(1, pid - up) })));
        const at = new Map(found.map((row, index) => [row.pid, index]));
        expect(found).toHaveLength(processes.length);
        expect(found.every((row, index) => (at.get(row.ppid) ?? -1) < index)).toBe(true);
      }),
    );
  });
});
