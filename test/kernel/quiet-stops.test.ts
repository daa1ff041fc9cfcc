import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openLibc } from '../../src/native/libc.js';
import { quietStops } from '../../src/native/quiet-stops.js';

const SIGCHLD = 17;
const FLAGS = 136;
const SA_NOCLDSTOP = 1;
const libc = openLibc();

test('quietStops() silences the stops of a child of Node, and Node still learns of the end of the child', async () => {
  const child = spawn('sleep', ['3600'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    // The capture of another test may have set the flag before, if a child of that test still lives.
    setFlags((flags) => flags & ~SA_NOCLDSTOP);
    const before = flagsOf(disposition());
    quietStops(libc);
    expect(flagsOf(disposition())).toBe(before | SA_NOCLDSTOP);
  } finally {
    child.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
});

/** Returns struct sigaction of SIGCHLD in this process. */
function disposition(): Uint8Array {
  const action = new Uint8Array(152);
  expect(libc.sigaction(SIGCHLD, null, action)).toBe(0);
  return action;
}

function flagsOf(action: Uint8Array): number {
  return new DataView(action.buffer).getUint32(FLAGS, true);
}

function setFlags(change: (flags: number) => number): void {
  const action = disposition();
  new DataView(action.buffer).setUint32(FLAGS, change(flagsOf(action)), true);
  expect(libc.sigaction(SIGCHLD, action, null)).toBe(0);
}
