/** The victim of a trial: the command itself, as users run it, with its guard. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { onCleanup } from '../kernel/harness/cleanup.js';
import { STASIS } from '../kernel/harness/stasis-command.js';

/** The bound of the freezing stage. The deadline of a capture is this bound plus the hold. */
export const TIMEOUT_MS = 1000;
export const HOLD_MS = 40;

const FOREVER = 100_000;

export interface Victim {
  readonly pid: number;
  /** The pid of the guard of the victim, or undefined when the victim has no guard now. */
  guard(): number | undefined;
  kill(signal: NodeJS.Signals): void;
  ended(): boolean;
  /** Exit status; null when a signal ended it. */
  status(): number | null;
  /** All threads are in a job-control stop. */
  stopped(): boolean;
  stderr(): string;
}

export interface VictimOptions {
  readonly cgroup: string;
  readonly state: string;
  readonly hold: boolean;
  /** The value of STASIS_FAULT_POINT. Undefined means the command as usual, with its practice. */
  readonly fault?: string;
  /** The number of captures; undefined means without end. */
  readonly repeat?: number;
  /** Words that are put before the command. */
  readonly before?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly holdFor?: number;
  readonly timeout?: number;
}

export function startVictim(options: VictimOptions): Victim {
  const hold = options.holdFor ?? (options.hold ? HOLD_MS : 0);
  const args = ['checkpoint', '--cgroup', options.cgroup, '--state', options.state, '--repeat'];
  args.push(`${options.repeat ?? FOREVER}`, '--timeout', `${options.timeout ?? TIMEOUT_MS}ms`, '-o', 'json');
  if (hold > 0) args.push('--hold', `${hold}ms`);
  const [program, ...before] = [...(options.before ?? []), STASIS];
  const fault = options.fault === undefined ? {} : { STASIS_FAULT_POINT: options.fault };
  const child = spawn(program, [...before, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...options.environment, ...fault },
  });
  return watch(child);
}

function watch(child: ChildProcess): Victim {
  const pid = child.pid ?? 0;
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.on('error', (error) => {
    text += String(error);
  });
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  onCleanup({
    what: `stasis ${pid}`,
    undo: () => {
      if (!ended()) child.kill('SIGKILL');
    },
  });
  return {
    pid,
    ended,
    status: () => child.exitCode,
    kill: (signal) => void child.kill(signal),
    guard: () => (ended() ? undefined : childrenOf(pid).find(isGuard)),
    stopped: () => statesOf(pid).every((state) => state === 'T'),
    stderr: () => text,
  };
}

/** Whether the pid is a living guard, and not another process under a reused pid. */
export function isGuard(pid: number): boolean {
  return read(`/proc/${pid}/comm`) === 'stasis-guard\n' && /^State:\t[^ZX]/m.test(read(`/proc/${pid}/status`));
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** The letter in each thread's stat, proc_pid_stat(5). */
function statesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((tid) => {
      const stat = read(`/proc/${pid}/task/${tid}/stat`);
      return stat.charAt(stat.lastIndexOf(')') + 2);
    });
  } catch {
    return ['gone'];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
