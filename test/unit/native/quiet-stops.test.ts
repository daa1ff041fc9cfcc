import { describe, expect, test } from '@jest/globals';
import type { Libc } from '../../../src/native/libc.js';
import { quietStops } from '../../../src/native/quiet-stops.js';

const SIGCHLD = 17;
const EINVAL = 22;
const SA_RESTART = 0x1000_0000;
const SA_NOCLDSTOP = 1;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
const HANDLER = 0x18b_68a0n;

function sigactionOf(handler: bigint, flags: number): Uint8Array {
  const action = new Uint8Array(152).fill(0x55);
  const view = new DataView(action.buffer);
  view.setBigUint64(0, handler, true);
  view.setUint32(136, flags, true);
  return action;
}

/** What quietStops() writes where this is found, or where not even that can be read. */
function written(found: Uint8Array | number): readonly Uint8Array[] {
  const all: Uint8Array[] = [];
  const sigaction: Libc['sigaction'] = (signal, action, old) => {
    expect(signal).toBe(SIGCHLD);
    if (typeof found === 'number') return found;
    old?.set(found);
    if (action !== null) all.push(action);
    return 0;
  };
  quietStops({ sigaction } as Libc);
  return all;
}

describe('quietStops()', () => {
  test('adds its flag to a handler, and changes nothing else', () => {
    expect(written(sigactionOf(HANDLER, SA_RESTART))).toEqual([sigactionOf(HANDLER, SA_RESTART | SA_NOCLDSTOP)]);
  });

  test.each([
    ['nobody handles it', sigactionOf(SIG_DFL, 0)],
    ['it is ignored', sigactionOf(SIG_IGN, 0)],
    ['stops are quiet already', sigactionOf(HANDLER, SA_RESTART | SA_NOCLDSTOP)],
    ['it cannot be asked', -EINVAL],
  ])('writes nothing where %s', (_, found) => {
    expect(written(found)).toEqual([]);
  });
});
