/** The command on a terminal, under a shell with job control (test/programs/shell.c). */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

import { onCleanup } from './cleanup.js';
import { journalFolder } from './own-guard.js';
import { programPath } from './programs.js';
import { STASIS } from './stasis-command.js';
import { eventually } from './waiting.js';

const START_BOUND_MS = 30_000;

export interface Job {
  readonly pid: number;
  /** The output on the terminal. */
  shown(): string;
  /** Changes of the job that the shell has seen, such as `stopped 20` or `exited 0`. */
  events(): readonly string[];
  /** Types a key: `\x1a` is Ctrl-Z, `\x03` Ctrl-C, `\x1c` Ctrl-\. */
  type(key: string): void;
  /** `fg` or `bg` of a shell. */
  resume(where: 'fg' | 'bg'): void;
  /** Closes the terminal. */
  hangUp(): void;
}

/** Starts `stasis checkpoint` in the foreground or background of a terminal that has `stty tostop`. */
export async function startOnTerminal(where: 'fg' | 'bg', args: readonly string[]): Promise<Job> {
  const state = journalFolder();
  onCleanup({ what: state, undo: () => rmSync(state, { recursive: true, force: true }) });
  const command = [where, STASIS, 'checkpoint', ...args, '--state', state];
  const shell = spawn(programPath('shell'), command, { stdio: ['pipe', 'pipe', 'pipe'] });
  onCleanup({ what: `shell ${shell.pid}`, undo: () => void shell.kill('SIGKILL') });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    shell[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  shell.stdin.on('error', () => undefined);
  const lines = (): string[] => text.stderr.split('\n').slice(0, -1);
  const pid = (): number => Number(/^pid ([0-9]+)$/.exec(lines()[0] ?? '')?.[1] ?? 0);
  await eventually('the job is started', () => pid() > 0, START_BOUND_MS);
  const job = pid();
  onCleanup({ what: `stasis ${job}`, undo: () => kill(job) });
  return {
    pid: job,
    shown: () => text.stdout,
    events: () => lines().slice(1),
    type: (key) => void shell.stdin.write(key),
    resume: (how) => void shell.kill(how === 'fg' ? 'SIGUSR1' : 'SIGUSR2'),
    hangUp: () => void shell.stdin.end(),
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended.
  }
}
