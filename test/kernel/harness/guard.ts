/** Starts guards, and agents that are reduced to the behaviour that a guard can see (test/programs/guard-client.c). */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sumOf } from '../../../src/node-agent/pure/guard-journal.js';
import type { Cgroup } from './cgroup.js';
import { onCleanup } from './cleanup.js';
import { programPath, REPOSITORY } from './programs.js';
import { scratchDirectory } from './scratch.js';
import { isAlive, startTimeOf } from './tasks.js';
import { blockUntil, eventually } from './waiting.js';

const END_BOUND_MS = 5000;
/** How long the answer to a command may take, in milliseconds, with other commands before it. */
const ANSWER_BOUND_MS = 10_000;

/** Returns the path of the guard. Throws when the guard was not built. */
export function guardPath(): string {
  const path = `${REPOSITORY}build/guard/stasis-guard`;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${path} is missing: run make -f src/guard/guard.mk in the root of the repository`);
  }
  return path;
}

/** One line of the log of the guard. */
export interface LogLine {
  readonly event: string;
  readonly cause?: string;
  readonly outcome?: string;
  readonly container?: number;
  readonly time: string;
  readonly cgroup?: string;
  readonly subject?: string;
  readonly error?: string;
  readonly thawMicroseconds?: number;
}

export interface RunningGuard {
  readonly pid: number;
  readonly state: string;
  readonly socket: string;
  /** Returns the lines that the guard has logged so far. */
  log(): LogLine[];
  /** Waits for a line with this event. */
  logged(event: string, boundMs?: number): Promise<LogLine>;
  /** Sends a signal, and waits until the guard has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface GuardOptions {
  /** Path of another program than the guard that was built. */
  readonly program?: string;
  readonly state?: string;
  readonly socket?: string;
  /** A descriptor of one end of a socket pair, which becomes descriptor 3 of the guard. Replaces `--socket`. */
  readonly peer?: number;
  /** Words that are put before the command, such as `unshare`. */
  readonly before?: readonly string[];
  readonly exclusive?: boolean;
  /** False: startGuard() does not wait until the guard serves. */
  readonly ready?: boolean;
}

/** Starts a guard, and waits until the guard serves. */
export async function startGuard(options: GuardOptions = {}): Promise<RunningGuard> {
  const state = options.state ?? join(scratchDirectory(), 'state');
  const socket = options.socket ?? join(state, 'guard.sock');
  const serving = options.peer === undefined ? ['--socket', socket] : ['--fd', '3'];
  const args = ['--state', state, ...serving, ...(options.exclusive === true ? ['--exclusive'] : [])];
  const [program, ...before] = [...(options.before ?? []), options.program ?? guardPath()];
  const peer = options.peer === undefined ? [] : [options.peer];
  const child = spawn(program, [...before, ...args], { stdio: ['ignore', 'ignore', 'pipe', ...peer] });
  const pid = child.pid ?? 0;
  const text = collect(child);
  onCleanup({ what: `stasis-guard ${pid}`, undo: () => killAndWait(child) });
  const log = (): LogLine[] =>
    text()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  const logged = async (event: string, boundMs = 2000): Promise<LogLine> => {
    await eventually(`the guard logs ${event}`, () => log().some((line) => line.event === event), boundMs);
    return log().find((line) => line.event === event) ?? { event, time: '' };
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await eventually('the guard has ended', () => ended(child), END_BOUND_MS);
  };
  if (options.ready !== false) await logged('ready');
  return { pid, state, socket, log, logged, end };
}

export interface Client {
  readonly pid: number;
  /** Sends a command, and waits for its answer: `ok`, or the name of an errno. Commands are carried out in the order of the calls. */
  say(command: string): Promise<string>;
  /** Sends a command, and does not wait. */
  tell(command: string): void;
  kill(signal: NodeJS.Signals): void;
  dead(): boolean;
  /** Waits until the client is dead. */
  died(boundMs?: number): Promise<void>;
}

/** Starts an agent for a cgroup. The agent says hello unless told not to. `version` may be `none`. */
export async function startClient(
  guard: Pick<RunningGuard, 'socket'>,
  cgroup: Pick<Cgroup, 'directory' | 'version'>,
  options: { readonly hello?: boolean; readonly version?: 'none'; readonly peer?: number } = {},
): Promise<Client> {
  const peer = options.peer === undefined ? [] : [options.peer];
  const address = options.peer === undefined ? guard.socket : '3';
  const args = [address, cgroup.directory, options.version ?? cgroup.version];
  const child = spawn(programPath('guard-client'), args, { stdio: ['pipe', 'pipe', 'inherit', ...peer] });
  const pid = child.pid ?? 0;
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stdin?.on('error', () => undefined);
  onCleanup({ what: `guard-client ${pid}`, undo: () => killAndWait(child) });
  const answers = (): string[] => output.split('\n').slice(0, -1);
  let asked = 0;
  const client: Client = {
    pid,
    tell: (command) => {
      asked += 1;
      child.stdin?.write(`${command}\n`);
    },
    say: async (command) => {
      client.tell(command);
      const mine = asked;
      const isAnswered = (): boolean => answers().length >= mine || ended(child);
      await eventually(`guard-client answers ${command}`, isAnswered, ANSWER_BOUND_MS);
      return answers()[mine - 1] ?? 'ended';
    },
    kill: (signal) => void child.kill(signal),
    dead: () => ended(child),
    died: async (boundMs = 2000) => await eventually('guard-client is dead', () => ended(child), boundMs),
  };
  if (options.hello !== false && (await client.say('hello')) !== 'ok') throw new Error('the guard refused a hello');
  return client;
}

/** Returns the paths of the journals in a state folder. */
export function journalOf(guard: RunningGuard): string {
  return join(guard.state, `${guard.pid}-${startTimeOf(guard.pid)}.journal`);
}

/** The size of a record, and the offsets of the fields that tests change, in bytes. */
export const RECORD = { size: 4096, crc: 8, boot: 16, path: 128 } as const;

/** Changes the records of a journal whose guard is dead, and corrects their checksums. */
export function editJournal(path: string, change: (record: Buffer) => void): void {
  const bytes = readFileSync(path);
  for (let at = 0; at + RECORD.size <= bytes.length; at += RECORD.size) {
    const record = bytes.subarray(at, at + RECORD.size);
    if (record.every((byte) => byte === 0)) continue;
    change(record);
    record.writeUInt32LE(sumOf(record), RECORD.crc);
  }
  writeFileSync(path, bytes);
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Kills a child and waits synchronously, for clean-up. A child that libuv has not reaped yet is a zombie and counts as dead. */
function killAndWait(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || ended(child) || !existsSync(`/proc/${pid}`)) return;
  child.kill('SIGKILL');
  blockUntil(() => !isAlive(pid), END_BOUND_MS);
}
