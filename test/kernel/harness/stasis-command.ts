/** Runs the command `stasis` as users run it. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

import { onCleanup } from './cleanup.js';
import { journalFolder } from './own-guard.js';
import { REPOSITORY } from './programs.js';

export const STASIS = `${REPOSITORY}bin/stasis`;

export interface Ended {
  /** The exit status, or null when a signal ended the command. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface RunningCommand {
  /** The pid of node itself, because the shell script execs node. */
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Sends a signal, unless the command has ended. */
  kill(signal: NodeJS.Signals): void;
}

/** Starts the command. The end of the test ends the command by SIGKILL, by its pid. */
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
  return { pid: child.pid ?? 0, ended, kill: (signal) => void child.kill(signal) };
}

/** Adds a folder for the journal of the guard that is on no disk. In a container /run is no tmpfs. */
function ownState(): string[] {
  const state = journalFolder();
  onCleanup({ what: state, undo: () => rmSync(state, { recursive: true, force: true }) });
  return ['--state', state];
}

/** Runs the command to its end. */
export async function stasis(...args: string[]): Promise<Ended> {
  return await startStasis(args).ended;
}
