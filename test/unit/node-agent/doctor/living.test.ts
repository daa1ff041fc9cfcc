import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lookAtProcesses } from '../../../../src/node-agent/doctor/living.js';

let proc = '';

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'stasis-living-'));
});

afterEach(() => rmSync(proc, { recursive: true }));

interface Process {
  readonly pid: number;
  readonly start: number;
  readonly nsPids?: readonly number[];
  /** The state letter of each thread, the leader first. */
  readonly states?: string;
}

/** Creates a procfs with these processes. */
function having(...processes: readonly Process[]): void {
  for (const { pid, start, nsPids = [pid], states = 'S' } of processes) {
    const directory = join(proc, String(pid));
    mkdirSync(join(directory, 'task'), { recursive: true });
    writeFileSync(join(directory, 'stat'), statText(pid, states.charAt(0), start));
    writeFileSync(join(directory, 'status'), statusText(pid, nsPids));
    for (const [index, state] of states.split('').entries()) {
      mkdirSync(join(directory, 'task', String(pid + index)));
      writeFileSync(join(directory, 'task', String(pid + index), 'stat'), statText(pid + index, state, start));
    }
  }
}

function statText(pid: number, state: string, start: number): string {
  return `${pid} (agent) ${state} 1 ${'0 '.repeat(17)}${start} 0 0\n`;
}

function statusText(pid: number, nsPids: readonly number[]): string {
  const ids = '0\t0\t0\t0';
  const ns = nsPids.join('\t');
  return `Name:\tagent\nState:\tS (sleeping)\nTgid:\t${pid}\nPid:\t${pid}\nPPid:\t1\nTracerPid:\t0\nUid:\t${ids}\nGid:\t${ids}\nNStgid:\t${ns}\nNSpid:\t${ns}\n`;
}

describe('lookAtProcesses()', () => {
  test('finds a living process by pid and start', () => {
    having({ pid: 500, start: 900 });
    expect(lookAtProcesses(proc)(500, 900)).toBe(true);
  });

  test('does not confuse a process with another of the same pid or of the same start time', () => {
    having({ pid: 500, start: 901 }, { pid: 502, start: 900 });
    expect(lookAtProcesses(proc)(500, 900)).toBe(false);
  });

  test('finds a process by its pid in a nested PID namespace', () => {
    having({ pid: 31_000, start: 900, nsPids: [31_000, 500] });
    expect(lookAtProcesses(proc)(500, 900)).toBe(true);
  });

  test.each([
    ['a zombie', 'Z', false],
    ['a process with only its leader exited', 'ZS', true],
    ['a process without a living thread', 'ZX', false],
    ['a stopped process', 'T', true],
    ['a process in an uninterruptible wait', 'D', true],
  ])('of %s', (_, states, alive) => {
    having({ pid: 500, start: 900, states });
    expect(lookAtProcesses(proc)(500, 900)).toBe(alive);
  });
});
