/**
 * A guard for this process alone, as `stasis checkpoint` has one: a child in a session of its own, at the other end of a pair of
 * sockets. It lives as long as our end is open, which is as long as this process lives.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EBUSY, ECONNRESET } from '../../native/errno.js';
import { guardPair, isHungUp, openGuard, resumeGuard } from '../../native/guard-channel.js';
import type { Guard, Recovered } from '../../native/guard.js';
import type { Libc } from '../../native/libc.js';
import { errnoName } from '../../native/syscall-error.js';
import { failure, type Failure } from '../pure/failure.js';
import type { GuardSupply } from './guard-supply.js';

/** Where the build puts it: beside the compiled sources, in the image too. */
export const BUILT_GUARD = fileURLToPath(new URL('../../../guard/stasis-guard', import.meta.url));

/** It starts in a millisecond, and may need a second to open what an earlier one left. */
const START_MICROSECONDS = 3_000_000;
/** For the last words of one that did not start. */
const LAST_WORDS_MS = 200;
/** The death of a thread reaches the guard a moment after us. */
const DONE_ATTEMPTS = 20;
const DONE_EVERY_MS = 10;

export interface OwnGuardOptions {
  /** Path of the program. */
  readonly program: string;
  /** Its journal's folder; made when it is missing, for root alone. */
  readonly state: string;
  /** As {@link GuardSupply.ownFreezer}. */
  readonly ownFreezer: string | undefined;
}

export interface OwnGuard extends GuardSupply {
  readonly pid: number;
  /** What it did at its start for agents that died before it. */
  readonly recovered: readonly Recovered[];
  /** Ends it. Nothing may be held any more. */
  close(): void;
}

/** Starts it, and waits until it answers. */
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
  // Ours alone from now on: its end is then seen at once.
  libc.close(theirs);
  const { ownFreezer } = options;
  const own = ownFreezer === undefined ? {} : { ownFreezer };
  const ids = { pid: process.pid, tid: process.pid, answerWithinMicroseconds: START_MICROSECONDS };
  const guard = openGuard(libc, { fd: ours }, { ...ids, ...own });
  if (typeof guard === 'number') {
    libc.close(ours);
    return refuse(options, (await lastWords()) ?? errnoName(guard));
  }
  if (!guard.hasJournal) {
    libc.close(ours);
    return refuse(options, `its journal cannot be written in ${options.state}`);
  }
  const recovered = acknowledged(guard);
  child.unref();
  return { ok: true, guard: { pid: guard.pid, recovered, ...supply(libc, ours, ownFreezer) } };
}

function supply(libc: Libc, fd: number, ownFreezer: string | undefined): GuardSupply & { close(): void } {
  return {
    ownFreezer,
    connect: () => (isHungUp(libc, fd) ? -ECONNRESET : fd),
    release: () => undefined,
    settled: async (capture) => {
      for (let attempt = 0; attempt < DONE_ATTEMPTS; attempt++) {
        if (isHungUp(libc, fd) || resumeGuard(libc, fd).done(capture) !== -EBUSY) return;
        await sleep(DONE_EVERY_MS);
      }
    },
    close: () => void libc.close(fd),
  };
}

/** Told to whoever asks first: there is nobody else to report it. */
function acknowledged(guard: Guard): readonly Recovered[] {
  const recovered = guard.recovered();
  if (typeof recovered === 'number') return [];
  for (const { capture, container } of recovered) guard.acknowledge(capture, container);
  return recovered;
}

/** What it logged as the reason why it cannot start; a pipe that must not keep this process from ending. */
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

/** Of the line of JSON that says why it cannot start. */
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
