/** The command `stasis`, run as users run it. */
import { spawn } from 'node:child_process';

import { onCleanup } from './cleanup.js';
import { REPOSITORY } from './programs.js';

export const STASIS = `${REPOSITORY}bin/stasis`;

export interface Ended {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface RunningCommand {
  /** Of node itself: the shell script execs it. */
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** Starts it. SIGKILLed, by pid, when the test ends before it does. */
export function startStasis(args: readonly string[], command: readonly string[] = [STASIS]): RunningCommand {
  const [program = STASIS, ...before] = command;
  const since = performance.now();
  const child = spawn(program, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...text, milliseconds: performance.now() - since }));
  });
  onCleanup({ what: `stasis ${child.pid}`, undo: () => void child.kill('SIGKILL') });
  return { pid: child.pid ?? 0, ended };
}

/** Runs it to its end. */
export async function stasis(...args: string[]): Promise<Ended> {
  return await startStasis(args).ended;
}
