/** The guard believes of Linux that the signs of a tracing thread's death come after the kernel has detached its tracees. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { programPath } from './harness/programs.js';

const run = promisify(execFile);

const THREADS = 500;
const ROUNDS = 60;
const LONG = 60_000;

async function stillTraced(sign: string, how: string): Promise<number> {
  const { stdout } = await run(programPath('tracer-death'), [sign, how, String(THREADS), String(ROUNDS)]);
  return Number(stdout);
}

describe('Linux', () => {
  test.each([
    ['pidfd', 'kill'],
    ['pidfd', 'exit'],
    ['path', 'kill'],
    ['path', 'exit'],
    ['process', 'kill'],
  ])(
    `has detached all ${THREADS} tracees when the sign "%s" tells of the death by %s`,
    async (sign, how) => {
      expect(await stillTraced(sign, how)).toBe(0);
    },
    LONG,
  );

  test(
    'has not when the socket of the process is closed: the end of a connection proves nothing',
    async () => {
      expect(await stillTraced('socket', 'kill')).toBeGreaterThan(0);
    },
    LONG,
  );
});
