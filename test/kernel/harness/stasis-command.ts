/** The command `stasis`, run as users run it. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

import { onCleanup } from './cleanup.js';
import { journalFolder } from './own-guard.js';
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
  const state = args[0] === 'checkpoint' && !args.includes('--state') ? ownState() : [];
  const since = performance.now();
  const child = spawn(program, [...before, ...args, ...state], { stdio: ['ignore', 'pipe', 'pipe'] });
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

/** The journal of its guard, where no disk keeps it waiting: /run is no tmpfs in a container. */
function ownState(): string[] {
  const state = journalFolder();
  onCleanup({ what: state, undo: () => rmSync(state, { recursive: true, force: true }) });
  return ['--state', state];
}

/** Runs it to its end. */
export async function stasis(...args: string[]): Promise<Ended> {
  return await startStasis(args).ended;
}
