import { expect, test } from '@jest/globals';
import { decodeWait, packWait, type WaitEvent } from '../../../src/native/wait-status.js';

const TABLE: readonly (readonly [string, number, number, WaitEvent])[] = [
  ['an exit', 1, 3, { kind: 'exited', status: 3 }],
  ['a death by signal', 2, 9, { kind: 'killed', signal: 9 }],
  ['a death with a core', 3, 11, { kind: 'killed', signal: 11 }],
  ['the stop of PTRACE_INTERRUPT', 4, (128 << 8) | 5, { kind: 'interrupted' }],
  ['a job-control stop', 4, (128 << 8) | 19, { kind: 'jobControl', signal: 19 }],
  ['a job-control stop told as CLD_STOPPED', 5, (128 << 8) | 22, { kind: 'jobControl', signal: 22 }],
  ['a signal-delivery-stop', 4, 10, { kind: 'signalDelivery', signal: 10 }],
  ['a fork', 4, (1 << 8) | 5, { kind: 'event', event: 1 }],
  ['an exec', 4, (4 << 8) | 5, { kind: 'event', event: 4 }],
  ['a trap without signal', 4, 0, { kind: 'unknown', code: 4, status: 0 }],
  ['a continuation', 6, 18, { kind: 'unknown', code: 6, status: 18 }],
];

test.each(TABLE)('decodeWait() tells %s', (_name, code, status, expected) => {
  expect(decodeWait(packWait(code, status))).toEqual(expected);
});

test('decodeWait() tells that there is nothing to report', () => {
  expect(decodeWait(0)).toEqual({ kind: 'none' });
});
