import { describe, expect, test } from '@jest/globals';
import type { PrintedRow } from '../../../src/api/podcapture.js';
import { describeProcess, describeUid, summarizeThreads } from '../../../src/cli/render-process.js';
import { processRow, threadRows } from '../builders.js';

function describeText(row: PrintedRow): string {
  return describeProcess(row)
    .map(({ text }) => text)
    .join('');
}

describe('describeProcess()', () => {
  test.each([
    ['a plain process', {}, 'sh'],
    ['its exe', { exe: '/bin/dash' }, 'sh  /bin/dash'],
    ['a zombie', { state: 'Zombie' }, 'sh  zombie'],
    ['the signal of a stop', { state: 'Stopped', stopSignal: 'SIGTTIN' }, 'sh  stopped by SIGTTIN'],
    ['a stop whose signal is unknown', { state: 'Stopped' }, 'sh  stopped'],
    ['a dead leader', { leaderDead: true }, 'sh  leader dead'],
    ['pending stop signals', { pendingStopSignals: ['SIGSTOP', 'SIGTTIN'] }, 'sh  SIGSTOP, SIGTTIN pending'],
    [
      'threads with credentials of their own',
      {
        threads: [
          { tid: 7, comm: 'sh', state: 'Alive' },
          { tid: 8, comm: 'sh', state: 'Alive', seccomp: 'Filter' },
        ],
      },
      'sh  credentials of its own in 1 thread',
    ],
    ['a command line', { cmdline: ['sh', '-c', 'a "b"', '', "it's"] }, `sh  sh -c 'a "b"' '' 'it'\\''s'`],
    [
      'how much of a command line it has',
      { cmdline: ['java'], cmdlineCut: { keptBytes: 5, lengthBytes: 9_000_000 } },
      'sh  java  (5 of 9000000 bytes)',
    ],
    ['a command line in bytes', { cmdline: ['caf\ufffd'], cmdlineBase64: 'Y2Fm6QA=' }, 'sh  caf\ufffd  (not UTF-8)'],
    ['why there is no command line', { cmdlineUnread: 'Blocked' }, 'sh  (command line not read: Blocked)'],
    ['a command line that imitates a mark', { cmdline: ['(not', 'UTF-8)'] }, "sh  '(not' 'UTF-8)'"],
    ['a name that imitates a state', { comm: 'sh  zombie' }, "'sh  zombie'"],
    ['an empty name', { comm: '' }, "''"],
  ] satisfies [string, Partial<PrintedRow>, string][])('describeProcess() shows %s', (_, row, text) => {
    expect(describeText(processRow({ pid: 7, ...row }))).toBe(text);
  });

  test('describeProcess() shows at most the first 80 characters of a command line', () => {
    const cmdline = Array.from({ length: 100_000 }, () => 'word'.repeat(100));
    const text = describeText(processRow({ pid: 7, cmdline }));
    expect(text).toBe(`sh  ${'word'.repeat(20).slice(0, 79)}…`);
  });
});

describe('describeUid()', () => {
  test('describeUid() shows both users of a set-user-ID program', () => {
    const uids = { real: 1000, effective: 0, saved: 0, filesystem: 0 };
    expect(describeUid(processRow({ pid: 7, uids }))).toBe('1000→0');
    expect(describeUid(processRow({ pid: 7 }))).toBe('0');
    const outside = { real: 838_860_800, effective: 838_860_800, saved: 838_860_800, filesystem: 838_860_800 };
    const inside = { real: 0, effective: 0, saved: 0, filesystem: 0 };
    expect(describeUid(processRow({ pid: 7, uids: outside, containerUids: inside }))).toBe('838860800 (0)');
  });
});

describe('summarizeThreads()', () => {
  test.each([
    ['nothing for threads named as their process', ['java', 'java'], ''],
    ['groups, the largest first', ['gc', 'worker', 'worker', 'java'], '{worker ×2} {gc}'],
    [
      'four groups, and how many threads are in the rest',
      ['a', 'b', 'c', 'd', 'e', 'f', 'f'],
      '{f ×2} {a} {b} {c} {+2 more}',
    ],
    ['a name that imitates a count in quotes', ['x ×9'], "{'x ×9'}"],
  ])('summarizeThreads() gives %s', (_, others, text) => {
    const row = processRow({ pid: 7, comm: 'java', threads: threadRows(7, 'java', others) });
    expect(summarizeThreads(row)).toBe(text);
  });

  test('summarizeThreads() does not count a leader that was renamed', () => {
    const row = processRow({ pid: 7, comm: 'java', threads: threadRows(7, 'renamed', ['java']) });
    expect(summarizeThreads(row)).toBe('');
  });
});
