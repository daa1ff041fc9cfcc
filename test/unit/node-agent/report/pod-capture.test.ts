import { describe, expect, test } from '@jest/globals';
import type { CommandLines } from '../../../../src/node-agent/pure/command-lines.js';
import type { CaptureReport } from '../../../../src/node-agent/report/report.js';
import { podCapture, succeeded } from '../../../../src/node-agent/report/pod-capture.js';
import { findCondition } from '../../../../src/api/conditions.js';
import type { PodCapture } from '../../../../src/api/podcapture.js';
import { processRow, threadRows, timings } from '../../builders.js';

function report(facts: Partial<CaptureReport> = {}): CaptureReport {
  return {
    failure: undefined,
    tree: [],
    containers: [],
    threads: 0,
    joined: 0,
    unfrozen: [],
    timings: timings(),
    overrunMicroseconds: 0,
    thawUnproved: [],
    isTouched: true,
    ...facts,
  };
}

const LINES: CommandLines = new Map([
  [1, { cmdlineUnread: 'Blocked' }],
  [2, { cmdline: ['sleep', '1'] }],
]);

function made(reports: readonly [CaptureReport, ...CaptureReport[]], dryRun = false, asked = true) {
  return podCapture({
    name: 'sample',
    startTime: '2026-01-01T00:00:00.000Z',
    completionTime: '2026-01-01T00:00:01.000Z',
    reports,
    dryRun,
    cmdlines: asked ? LINES : undefined,
    by: 'the command',
  });
}

function reasonOf({ status }: PodCapture): string | undefined {
  return findCondition(status.conditions, 'Succeeded')?.reason;
}

describe('podCapture()', () => {
  test('counts processes, living threads, stopped processes and zombies', () => {
    const tree = [
      processRow({ pid: 1, threads: threadRows(1, 'init', ['worker', 'worker']) }),
      processRow({ pid: 9, state: 'Stopped' }),
      processRow({ pid: 10, state: 'Zombie' }),
      processRow({
        pid: 11,
        leaderDead: true,
        threads: [
          { tid: 11, comm: 'gone', state: 'Zombie' },
          { tid: 12, comm: 'on', state: 'Alive' },
        ],
      }),
    ];
    expect(made([report({ tree })]).status).toMatchObject({ processes: 4, threads: 5, stopped: 1, zombies: 1 });
  });

  test('podCapture() carries command lines and their marks, and counts them only when they were asked for', () => {
    const asked = made([report({ tree: [processRow({ pid: 1 }), processRow({ pid: 2 })] })]).status;
    expect(asked.tree).toMatchObject([{ cmdlineUnread: 'Blocked' }, { cmdline: ['sleep', '1'] }]);
    expect(asked.cmdlines).toEqual({ whole: 1, cut: 0, unread: { Blocked: 1 } });
    const { cmdlines, tree } = made([report({ tree: [processRow({ pid: 1 })] })], false, false).status;
    expect([cmdlines, tree]).toEqual([undefined, [processRow({ pid: 1 })]]);
  });

  test('succeeds with Captured, and with DryRunPassed for a dry run', () => {
    expect([reasonOf(made([report()])), reasonOf(made([report()], true))]).toEqual(['Captured', 'DryRunPassed']);
    expect(succeeded(made([report()]))).toBe(true);
  });

  test('fails with the reason of the last run, and says which freezer was not proved open', () => {
    const failed = report({ failure: { reason: 'FreezeTimeout', message: 'late' }, thawUnproved: ['/a'] });
    const capture = made([report(), failed]);
    expect(succeeded(capture)).toBe(false);
    expect(capture.status.conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['Released', 'False', 'FreezerNotRestored'],
      ['Succeeded', 'False', 'FreezeTimeout'],
    ]);
  });

  test('tells in microseconds from when until when the pod stood still, where it did', () => {
    const standstill = { from: 1_767_225_600_000_250, until: 1_767_225_600_000_999.75 };
    expect(made([report({ standstill })]).status).toMatchObject({
      heldFrom: '2026-01-01T00:00:00.000250Z',
      heldUntil: '2026-01-01T00:00:00.001000Z',
    });
    expect(made([report()]).status).not.toHaveProperty('heldFrom');
  });

  test('has samples and a summary only for more than one run', () => {
    const one = report({ timings: timings({ pauseMicroseconds: 10 }) });
    const two = report({ timings: timings({ pauseMicroseconds: 30 }) });
    expect(made([one]).status.samples).toBeUndefined();
    const { samples, summary } = made([one, two]).status;
    expect(samples?.map((sample) => sample.pauseMicroseconds)).toEqual([10, 30]);
    expect(summary?.pauseMicroseconds).toEqual({ min: 10, median: 10, p99: 30, max: 30 });
  });
});
