import { describe, expect, test } from '@jest/globals';
import type { AuditFacts, FrozenCgroup, Journal, TracedTask } from '../../../../src/node-agent/pure/doctor-facts.js';
import { judgeFrozen, judgeTraced, recordOf } from '../../../../src/node-agent/pure/doctor-judgement.js';
import { doctorReport } from '../../../../src/node-agent/pure/doctor-report.js';
import type { JournalRecord } from '../../../../src/node-agent/pure/guard-journal.js';

const BOOT = 'b007b007-0000-4000-8000-000000000000';
const NOW = 100_000_000;
const POD = '0f8fad5b-d9cb-469f-a165-70867728950e';
const ID = 'c0ffee00'.repeat(8);
const DIRECTORY = `/sys/fs/cgroup/kubepods.slice/kubepods-pod${POD.replaceAll('-', '_')}.slice/cri-containerd-${ID}.scope`;

const cgroup: FrozenCgroup = {
  version: 'v2',
  directory: DIRECTORY,
  inode: 7n,
  device: 35n,
  complete: true,
  self: true,
  tasks: 2,
  unseenTasks: false,
  processes: [{ pid: 42, comm: 'nginx' }],
};

const record: JournalRecord = {
  state: 'Open',
  boot: BOOT,
  capture: 'cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd',
  container: 0,
  version: 'v2',
  inode: 7n,
  device: 35n,
  announcedMicroseconds: NOW - 500_000,
  freezerDeadlineMicroseconds: NOW + 400_000,
  holdDeadlineMicroseconds: NOW + 5_000_000,
  pid: 500,
  tid: 501,
  startTicks: 900,
  path: '/elsewhere',
};

function journal(change: Partial<JournalRecord> = {}, guardAlive = false, writerAlive = false): Journal {
  const records = [{ record: { ...record, ...change }, writerAlive }];
  return { folder: '/run/stasis', file: '600-800.journal', guardPid: 600, guardAlive, records, torn: 0, foreign: 0 };
}

function facts(change: Partial<AuditFacts> = {}): AuditFacts {
  const base = { boot: BOOT, now: NOW, cgroups: 1, frozen: [cgroup], traced: [], journals: [], unseen: [] };
  return { ...base, ...change };
}

describe('judgeFrozen()', () => {
  test('says whose pod and container it is, and that nobody of ours has closed it', () => {
    expect(judgeFrozen(facts())).toEqual([
      {
        version: 'v2',
        directory: DIRECTORY,
        podUID: POD,
        containerID: ID,
        complete: true,
        tasks: 2,
        processes: [{ pid: 42, comm: 'nginx' }],
        holder: { kind: 'Foreign' },
        thawable: false,
        wrong: true,
      },
    ]);
  });

  test('takes it for ours to open when agent and guard are dead, wherever the guard saw it', () => {
    const ours = { capture: record.capture, agentPid: 500, guardPid: 600, journal: '600-800.journal' };
    expect(judgeFrozen(facts({ journals: [journal()] }))).toMatchObject([
      { holder: { kind: 'Left', ...ours }, sinceMicroseconds: 500_000, thawable: true, wrong: true },
    ]);
  });

  test.each([
    ['another boot', { boot: 'b007b007-0000-4000-8000-000000000001' }],
    ['another inode', { inode: 8n }],
    ['another device', { device: 36n }],
    ['the other freezer', { version: 'v1' as const }],
    ['a closed record', { state: 'Closed' as const }],
    ['a rescue that was done', { state: 'Recovered' as const }],
  ])('does not believe %s', (_, change) => {
    expect(judgeFrozen(facts({ journals: [journal(change)] }))).toMatchObject([
      { holder: { kind: 'Foreign' }, thawable: false },
    ]);
  });

  test('opens nothing while the agent lives', () => {
    expect(judgeFrozen(facts({ journals: [journal({}, false, true)] }))).toMatchObject([
      { holder: { kind: 'AgentAlive' }, thawable: false, wrong: true },
    ]);
  });

  test('opens nothing of which it does not see all tasks, or any', () => {
    for (const blind of [{ unseenTasks: true }, { tasks: 0 }]) {
      const frozen = [{ ...cgroup, ...blind }];
      expect(judgeFrozen(facts({ frozen, journals: [journal()] }))).toMatchObject([{ thawable: false, wrong: true }]);
    }
  });

  test('leaves it to a living guard, until that is late', () => {
    const late = { freezerDeadlineMicroseconds: NOW - 2_000_001 };
    expect(judgeFrozen(facts({ journals: [journal({}, true)] }))).toMatchObject([
      { holder: { kind: 'Guarded' }, thawable: false, wrong: false },
    ]);
    expect(judgeFrozen(facts({ journals: [journal(late, true)] }))).toMatchObject([
      { holder: { kind: 'Guarded' }, thawable: false, wrong: true },
    ]);
  });

  test('prefers the guard that has taken a record over from a dead one', () => {
    const journals = [journal(), { ...journal({}, true), guardPid: 601 }];
    expect(judgeFrozen(facts({ journals }))).toMatchObject([{ holder: { kind: 'Guarded', guardPid: 601 } }]);
    expect(recordOf({ boot: BOOT, journals }, cgroup)?.journal.guardPid).toBe(601);
  });

  test('lays what is frozen from above on the cgroup above', () => {
    const below = { ...cgroup, directory: `${DIRECTORY}/below`, inode: 9n, self: false, above: DIRECTORY };
    const frozen = [cgroup, below];
    expect(judgeFrozen(facts({ frozen, journals: [journal({}, true)] }))[1]).toMatchObject({
      holder: { kind: 'Above', directory: DIRECTORY },
      sinceMicroseconds: 500_000,
      thawable: false,
      wrong: false,
    });
    const { above, ...unseen } = below;
    expect(above).toBe(DIRECTORY);
    expect(judgeFrozen(facts({ frozen: [unseen] }))).toMatchObject([{ holder: { kind: 'Above' }, wrong: true }]);
  });

  test('passes on what the kernel counted', () => {
    const frozen = [{ ...cgroup, frozenMicroseconds: 3_000_000 }];
    expect(judgeFrozen(facts({ frozen }))).toMatchObject([{ atMostMicroseconds: 3_000_000 }]);
  });
});

describe('judgeTraced()', () => {
  const task: TracedTask = {
    tid: 44,
    pid: 42,
    comm: 'worker',
    stopped: true,
    cgroup: DIRECTORY,
    tracer: { tid: 501, pid: 500, comm: 'node', startTicks: 900 },
  };

  test('calls a stop by somebody else a wrong, and a tracer whose tracee runs none', () => {
    const traced = [task, { ...task, tid: 45, stopped: false }];
    expect(judgeTraced(facts({ traced }))).toMatchObject([
      { tid: 44, podUID: POD, tracer: { tid: 501, pid: 500, comm: 'node' }, wrong: true },
      { tid: 45, wrong: false },
    ]);
  });

  test('knows a capture of ours by its tracing thread, though its freezer is open again', () => {
    const journals = [journal({ state: 'Closed' }, true, true)];
    expect(judgeTraced(facts({ traced: [task], journals }))).toMatchObject([
      { capture: { uid: record.capture, endsInMicroseconds: 5_000_000, guardAlive: true }, wrong: false },
    ]);
  });

  test('calls a capture without guard, or beyond its end, a wrong', () => {
    const late = { holdDeadlineMicroseconds: NOW - 2_000_001 };
    for (const one of [journal({}, false, true), journal(late, true, true)])
      expect(judgeTraced(facts({ traced: [task], journals: [one] }))).toMatchObject([{ wrong: true }]);
  });

  test.each([
    ['pid', { pid: 499 }],
    ['thread', { tid: 502 }],
    ['start', { startTicks: 901 }],
    ['boot', { boot: 'b007b007-0000-4000-8000-000000000001' }],
  ])('does not take a tracer of another %s for ours', (_, change) => {
    const found = judgeTraced(facts({ traced: [task], journals: [journal(change, true, true)] }));
    expect(found[0]).not.toHaveProperty('capture');
  });
});

describe('doctorReport()', () => {
  const AT = '2026-01-01T00:00:00.000Z';
  const fit = { name: 'kernel', verdict: 'Fit' as const, detail: '6.18' };

  test('is well when nothing is wrong, and says what each journal holds', () => {
    const report = doctorReport(facts({ journals: [journal({}, true)] }), [], [fit], AT);
    expect(report).toMatchObject({
      well: true,
      at: AT,
      journals: [{ guardAlive: true, open: 1, torn: 0, foreign: 0 }],
    });
    expect(() => JSON.stringify(report)).not.toThrow();
  });

  test('is not well when something is frozen, the node unfit, or not everything was seen', () => {
    const still = facts({ frozen: [] });
    const answers = [
      doctorReport(facts(), [], [fit], AT),
      doctorReport(still, [], [{ ...fit, verdict: 'Unfit' }], AT),
      doctorReport({ ...still, unseen: ['a journal'] }, [], [fit], AT),
      doctorReport(still, [], [{ ...fit, verdict: 'Note' }], AT),
    ];
    expect(answers.map(({ well }) => well)).toEqual([false, false, false, true]);
  });
});
