/**
 * A guard for this process alone, as `stasis checkpoint` has one: a child in a session of its own, at the other end of a pair of
 * sockets. It lives as long as this process's end is open, which is as long as this process lives.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ECONNRESET } from '../../native/errno.js';
import { guardPair, isHungUp, openGuard } from '../../native/guard-channel.js';
import type { Guard, Recovered } from '../../native/guard.js';
import type { Libc } from '../../native/libc.js';
import { errnoName } from '../../native/syscall-error.js';
import { failure, type Failure } from '../pure/failure.js';
import type { GuardSupply } from './guard-supply.js';

/** The build puts the guard here, beside the compiled sources; so does the image. */
export const BUILT_GUARD = fileURLToPath(new URL('../../../guard/stasis-guard', import.meta.url));

/** How long a guard may take to answer. It starts in a millisecond, and may take a second to open freezers that earlier agents left closed. */
const START_MICROSECONDS = 3_000_000;
/** How long a guard that did not start may take to log why. */
const LAST_WORDS_MS = 200;

export interface OwnGuardOptions {
  /** Path of the program. */
  readonly program: string;
  /** Folder of its journal. A missing folder is made, for root alone. */
  readonly state: string;
  /** As {@link GuardSupply.ownFreezer}. */
  readonly ownFreezer: string | undefined;
}

export interface OwnGuard extends GuardSupply {
  readonly pid: number;
  /** The recoveries that the guard made at its start, for agents that had died before. */
  readonly recovered: readonly Recovered[];
  /** Ends the guard. To be called when nothing is held any more. */
  close(): void;
}

/** Starts a guard, and waits until it answers. */
export async function startOwnGuard(
  libc: Libc,
  options: OwnGuardOptions,
): Promise<{ readonly ok: true; readonly guard: OwnGuard } | { readonly ok: false; readonly failure: Failure }> {
  const pair = guardPair(libc);
  if (typeof pair === 'number') return refuse(options, errnoName(pair));
  const { ours, theirs } = pair;
  const child = spawn(options.program, ['--state', options.state, '--fd', '3'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', theirs],
  });
  const lastWords = collected(child);
  // From now on only the guard has this end of the pair, so that its death is seen at once.
  libc.close(theirs);
  const { ownFreezer } = options;
  const own = ownFreezer === undefined ? {} : { ownFreezer };
  const ids = { pid: process.pid, tid: process.pid, answerWithinMicroseconds: START_MICROSECONDS };
  const guard = openGuard(libc, { fd: ours }, { ...ids, ...own });
  if (typeof guard === 'number' || !guard.hasJournal) {
    libc.close(ours);
    const why =
      typeof guard === 'number'
        ? ((await lastWords()) ?? errnoName(guard))
        : `its journal cannot be written in ${options.state}`;
    abandon(child);
    return refuse(options, why);
  }
  const recovered = acknowledged(guard);
  child.unref();
  return { ok: true, guard: { pid: guard.pid, recovered, ...supply(libc, ours, ownFreezer) } };
}

/** Ends a guard that is of no use. It guards nothing yet, and must neither outlive this process nor keep it alive. */
function abandon(child: ChildProcess): void {
  child.kill('SIGKILL');
  child.unref();
  child.stderr?.destroy();
}

function supply(libc: Libc, fd: number, ownFreezer: string | undefined): GuardSupply & { close(): void } {
  return {
    ownFreezer,
    connect: () => (isHungUp(libc, fd) ? -ECONNRESET : fd),
    release: () => undefined,
    close: () => void libc.close(fd),
  };
}

/** Returns the recoveries and acknowledges them at once: the caller reports them, and no other agent follows. */
function acknowledged(guard: Guard): readonly Recovered[] {
  const recovered = guard.recovered();
  if (typeof recovered === 'number') return [];
  for (const { capture, container } of recovered) guard.acknowledge(capture, container);
  return recovered;
}

/** Collects the log of the guard, and returns a function that finds in it why the guard cannot start. The pipe must not keep this process alive. */
function collected(child: ChildProcess): () => Promise<string | undefined> {
  let text = '';
  let why: string | undefined;
  const { stderr } = child;
  if (stderr !== null) {
    stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text = `${text}${chunk}`.slice(-4096);
    });
    if ('unref' in stderr && typeof stderr.unref === 'function') stderr.unref();
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  return async () => {
    await Promise.race([ended, sleep(LAST_WORDS_MS)]);
    return why ?? reasonIn(text);
  };
}

/** Reads the log's line that says why the guard cannot start. */
function reasonIn(log: string): string | undefined {
  const line = log.split('\n').find((one) => one.includes('"cannotStart"'));
  if (line === undefined) return undefined;
  const { subject, error } = JSON.parse(line) as { readonly subject: string; readonly error: string };
  return `${subject}: ${error}`;
}

function refuse({ program }: OwnGuardOptions, why: string): { readonly ok: false; readonly failure: Failure } {
  return {
    ok: false,
    failure: failure('GuardUnavailable', `the guard ${program} cannot be started: ${why}; nothing was touched`),
  };
}
