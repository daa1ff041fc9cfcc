import { describe, expect, test } from '@jest/globals';
import { renderDoctor } from '../../../src/cli/render-doctor.js';
import type { FrozenFinding, TracedFinding } from '../../../src/node-agent/pure/doctor-judgement.js';
import type { DoctorReport } from '../../../src/node-agent/pure/doctor-report.js';

const well: DoctorReport = {
  at: '2026-01-01T00:00:00.000Z',
  well: true,
  cgroups: 41,
  frozen: [],
  traced: [],
  thawed: [],
  journals: [{ file: '600-800.journal', guardPid: 600, guardAlive: true, open: 0, torn: 0, foreign: 0 }],
  node: [{ name: 'kernel', verdict: 'Fit', detail: '6.18' }],
  unseen: [],
};

const ours = {
  capture: 'cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd',
  agentPid: 500,
  guardPid: 600,
  journal: '600-800.journal',
};

const frozen: FrozenFinding = {
  version: 'v1',
  directory: '/sys/fs/cgroup/freezer/kubepods/web',
  complete: true,
  tasks: 2,
  processes: [{ pid: 42, comm: 'nginx' }],
  holder: { kind: 'Foreign' },
  thawable: false,
  wrong: true,
};

const traced: TracedFinding = {
  directory: '/sys/fs/cgroup/freezer/kubepods/web',
  tid: 44,
  pid: 42,
  comm: 'nginx',
  stopped: true,
  tracer: { tid: 71, pid: 70, comm: 'gdb' },
  wrong: true,
};

function text(change: Partial<DoctorReport>): string {
  return renderDoctor({ ...well, ...change }, { color: false });
}

describe('renderDoctor()', () => {
  test('says in its last line that all is well', () => {
    expect(text({})).toBe(
      [
        '41 cgroups looked at; guards alive: 1 of 1 with a journal',
        '',
        'No cgroup is frozen.',
        '',
        'No task is traced.',
        '',
        '      CHECK   THIS NODE',
        '  ok  kernel  6.18',
        '',
        'All is well.',
        '',
      ].join('\n'),
    );
  });

  test('says who froze a cgroup, since when, and what to do', () => {
    const lines = text({ well: false, frozen: [{ ...frozen, atMostMicroseconds: 90_000_000_000 }] }).split('\n');
    expect(lines.slice(2, 8)).toEqual([
      'Frozen cgroups: 1',
      '  /sys/fs/cgroup/freezer/kubepods/web  cgroup v1',
      '    holds   2 tasks: nginx (42)',
      '    by      somebody else: no journal of Stasis has it',
      '    since   at most 1d1h, by its cgroup.stat.local',
      '    do      ask who paused it; it runs again when THAWED is written to its freezer.state',
    ]);
    expect(lines.at(-2)).toBe('Something stands still that should not.');
  });

  test.each([
    ['Left', true, 'stasis doctor --thaw'],
    ['Left', false, 'where its tasks can be seen'],
    ['AgentAlive', false, 'end process 500'],
    ['Guarded', false, 'its guard is late'],
  ] as const)('advises what to do about a cgroup that is %s (thawable: %s)', (kind, thawable, advice) => {
    const finding = { ...frozen, holder: { kind, ...ours }, thawable, sinceMicroseconds: 61_000_000 };
    const shown = text({ well: false, frozen: [finding] });
    expect(shown).toContain(advice);
    expect(shown).toContain('1m1s, by the journal');
  });

  test('counts the cgroups that are frozen by one above, and lists such a cgroup by itself when the one above is not listed', () => {
    const below = { ...frozen, directory: `${frozen.directory}/below` };
    const caused = { ...below, holder: { kind: 'Above' as const, directory: frozen.directory } };
    expect(text({ frozen: [frozen, caused] })).toContain('1 cgroup below it, frozen with it');
    expect(text({ frozen: [frozen, caused] })).not.toContain(below.directory);
    expect(text({ frozen: [caused] })).toContain(`by      ${frozen.directory}, above it`);
    expect(text({ frozen: [{ ...below, holder: { kind: 'Above' } }] })).toContain('above what is to be seen here');
  });

  test('lists traced tasks with their tracers', () => {
    const capture = { uid: ours.capture, endsInMicroseconds: -3_000_000, guardAlive: false };
    const lines = text({ traced: [traced, { ...traced, tid: 45, stopped: false, capture }] }).split('\n');
    expect(lines[4]).toBe('Traced tasks: 2');
    expect(lines[6]).toMatch(/^ {2}44 +nginx +stopped +gdb \(70\) +somebody else +\/sys/);
    expect(lines[7]).toMatch(/^ {2}45 +nginx +runs +gdb \(70\) +capture cdcdcdcd\S+, overdue by 3s, no guard +\/sys/);
  });

  test('reports first what was thawed', () => {
    const thawed = [
      { directory: '/a', capture: ours.capture, outcome: 'Thawed' as const, message: 'its tasks run again' },
    ];
    expect(text({ thawed }).split('\n')[0]).toBe('Thawed      /a: its tasks run again');
  });

  test('gives every reason for not being well', () => {
    const node = [{ name: 'Yama', verdict: 'Unfit' as const, detail: '3' }];
    expect(
      text({ well: false, frozen: [frozen], node, unseen: ['a journal'] })
        .split('\n')
        .slice(-3),
    ).toEqual([
      'Not seen: a journal',
      'Something stands still that should not, and this node is unfit for captures, and not everything could be looked at.',
      '',
    ]);
  });

  test('escapes the names of tasks and cgroups', () => {
    const hostile = 'a\u001b[2J\u202e\n';
    const shown = text({
      frozen: [{ ...frozen, directory: `/${hostile}`, processes: [{ pid: 1, comm: hostile }] }],
      traced: [{ ...traced, comm: hostile, tracer: { ...traced.tracer, comm: hostile } }],
    });
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});
