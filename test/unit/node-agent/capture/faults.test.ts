/** Every fault at every call of a capture: generated from the log of one in which nothing goes wrong. */
import { constants } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { EALREADY, EBUSY, ECHILD, ENODEV, ENOENT, EPERM, ESRCH, ETIMEDOUT } from '../../../../src/native/errno.js';
import { ORDER_CANCEL, ORDER_REOPEN, ORDER_TIMEOUT } from '../../../../src/node-agent/capture/board.js';
import type { CallName } from '../../../fake/script.js';
import { cleanCalls, leftBehind, type Fault } from './fault-run.js';
import { MODES, type Mode } from './scene.js';

const { EACCES, ENOSPC, EPIPE, EROFS, ESTALE } = constants.errno;

/** What the kernel may answer. */
const ERRNOS: readonly (readonly [CallName, number])[] = [
  ['write', EBUSY],
  ['write', ENODEV],
  ['open', ENOENT],
  ['open', EACCES],
  ['pread', ENODEV],
  ['readInto', ENOENT],
  ['readInto', ESRCH],
  ['readlinkInto', ENOENT],
  ['list', ENOENT],
  ['directories', ENOENT],
  ['seize', EPERM],
  ['seize', ESRCH],
  ['interrupt', ESRCH],
  ['detach', ESRCH],
  ['peek', ECHILD],
  ['reap', ECHILD],
  ['eventMessage', ESRCH],
];

/** What may happen right before any call, whatever it is. */
const EVENTS: Readonly<Record<string, Fault>> = {
  'the first process is killed': { kind: 'kill', victim: 0 },
  'another process is killed': { kind: 'kill', victim: 1 },
  'a thread exits': { kind: 'exit' },
  'the pod is deleted': { kind: 'delete' },
  'the seam throws': { kind: 'throw' },
  'a process joins': { kind: 'join' },
  'the order to reopen comes': { kind: 'order', bit: ORDER_REOPEN },
  'the order of the timeout comes': { kind: 'order', bit: ORDER_TIMEOUT },
  'the order to cancel comes': { kind: 'order', bit: ORDER_CANCEL },
  'the guard dies': { kind: 'guardDies' },
};

/** What the guard may answer, to the nth question of a kind, or to every one. */
const ANSWERS = ['announce', 'opened', 'disowned', 'done'] as const;
const REFUSALS = [EBUSY, EALREADY, ENOENT, ESTALE, ENOSPC, EROFS, EPIPE, ETIMEDOUT];

/** The first occurrence of each is taken out. */
function without(all: readonly string[], taken: readonly string[]): string[] {
  const left = [...all];
  for (const one of taken) if (left.includes(one)) left.splice(left.indexOf(one), 1);
  return left;
}

/** The calls at which it went wrong, with what was left behind. */
function sweep(mode: Mode, fault: Fault): string[] {
  return cleanCalls(mode)
    .filter((call) => fault.kind !== 'errno' || call.name === fault.name)
    .flatMap((call) => {
      // A close that throws leaves its own descriptor open, and no other.
      const own = fault.kind === 'throw' && call.name === 'close' ? [`left open: ${String(call.args[0])}`] : [];
      const wrong = without(leftBehind(mode, [{ at: call.number, fault }]), own);
      return wrong.length === 0 ? [] : [`${call.number} ${call.name}(${call.args.join()}): ${wrong.join('; ')}`];
    });
}

describe.each(MODES)('capture() with %s', (mode) => {
  test('leaves nothing behind when nothing goes wrong', () => {
    expect(leftBehind(mode, [])).toEqual([]);
  });

  test.each(ERRNOS)('leaves nothing behind when any one %s answers -%i', (name, errno) => {
    expect(sweep(mode, { kind: 'errno', name, errno })).toEqual([]);
  });

  test.each(ANSWERS)(
    'leaves nothing behind, and touches nothing where it was refused, whatever the guard answers to %s',
    (question) => {
      const wrong = REFUSALS.flatMap((errno) =>
        [0, 1, 2].flatMap((nth) => {
          const left = leftBehind(mode, [], { [question]: (index: number) => (index === nth ? -errno : 0) });
          return left.length === 0 ? [] : [`${errno} at ${nth}: ${left.join('; ')}`];
        }),
      );
      expect(wrong).toEqual([]);
    },
  );

  test.each(REFUSALS)('touches nothing when the guard answers -%i to every announcement', (errno) => {
    expect(leftBehind(mode, [], { announce: () => -errno })).toEqual([]);
  });

  test.each(Object.keys(EVENTS))('leaves nothing behind when %s before any call', (name) => {
    const fault = EVENTS[name];
    expect(fault === undefined ? ['no such event'] : sweep(mode, fault)).toEqual([]);
  });
});
