/**
 * The expendable process that reads command lines, started by cmdline-reader.ts. A read of /proc/PID/cmdline waits for
 * the mmap_lock of that process, which another thread may hold for as long as a file system hangs.
 */
import { closeSync, openSync, read, readFileSync, readSync, writeFileSync } from 'node:fs';
import { argLength } from '../pure/arg-length.js';
import { fairCap } from '../pure/fair-cap.js';
import { parseStat } from '../pure/proc-stat.js';
import type { CmdlineAnswer, CmdlineRequest, CmdlineTarget } from './cmdline-protocol.js';

/** Number of threads that read (UV_THREADPOOL_SIZE). A read that blocks keeps its thread, and the other threads go on. */
const LANES = Number(process.env['UV_THREADPOOL_SIZE']);

/**
 * The least length of a turn of the event loop in milliseconds, and the number of turns without a returned read after which all
 * current reads count as blocked. On a machine without CPU time the turns come late as well, so that a reader that only lacks CPU
 * time is not taken for a blocked one.
 */
const TURN_MS = 50;
const TURNS_WITHOUT_PROGRESS = 10;

/** The kernel returns up to a page of a title that was written over the end of the arguments (get_mm_proctitle()). */
const PAGE_BYTES = 4096;

/** A stat file has about 350 bytes: 52 numbers and a name. */
const statBuffer = Buffer.alloc(4096);

interface Wanted extends CmdlineTarget {
  readonly lengthBytes: number;
}

let unsent: string[] = [];

// By default SIGUSR1 opens Node's debugger on a port, and this process runs as root.
process.on('SIGUSR1', () => undefined);

const { proc, targets, maxBytes } = JSON.parse(readFileSync(0, 'utf8')) as CmdlineRequest;
const wanted = targets.flatMap(look);
const cap = fairCap(
  wanted.map(({ lengthBytes }) => lengthBytes),
  maxBytes,
);
const pageEach = Math.min(PAGE_BYTES, Math.floor(maxBytes / Math.max(1, wanted.length)));
const underWay = new Set<number>();
let ended = 0;

const patience = watch();
await Promise.all(Array.from({ length: LANES }, lane));
clearInterval(patience);
answer({ kind: 'end', blocked: [] });

/** Takes one target after the other. Each target is taken by one lane only. */
async function lane(): Promise<void> {
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    underWay.add(next.pid);
    answer(await readOne(next));
    underWay.delete(next.pid);
    ended += 1;
  }
}

function watch(): NodeJS.Timeout {
  let seen = 0;
  let turns = 0;
  return setInterval(() => {
    turns = ended === seen ? turns + 1 : 0;
    seen = ended;
    if (turns < TURNS_WITHOUT_PROGRESS) return;
    answer({ kind: 'end', blocked: [...underWay] });
    send();
    process.exit();
  }, TURN_MS);
}

/** Reads the length of the command line, and answers for a process that is gone. The stat file never blocks. */
function look(target: CmdlineTarget): Wanted[] {
  try {
    const text = statOf(target, target.tid);
    if (isStill(target, text)) return [{ ...target, lengthBytes: argLength(text) }];
    answer({ kind: 'unread', pid: target.pid, why: 'Gone' });
  } catch (error) {
    answer({ kind: 'unread', pid: target.pid, why: reasonOf(error) });
  }
  return [];
}

async function readOne(target: Wanted): Promise<CmdlineAnswer> {
  const { pid, tid, lengthBytes } = target;
  let file: number | undefined;
  try {
    // The descriptor stays with its process, even if the PID is reused. Only the read can block.
    file = openSync(`${proc}/${pid}/task/${tid}/cmdline`, 'r');
    const limit = Math.max(Math.min(lengthBytes, cap), pageEach);
    const bytes = await readUpTo(file, limit + 1);
    if (!isStill(target, statOf(target, tid))) return { kind: 'unread', pid, why: 'Gone' };
    return answerFor(target, bytes, limit);
  } catch (error) {
    return { kind: 'unread', pid, why: reasonOf(error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function answerFor({ pid, lengthBytes }: Wanted, bytes: Buffer, limit: number): CmdlineAnswer {
  const base64 = bytes.toString('base64', 0, limit);
  if (bytes.length > limit) return { kind: 'read', pid, base64, lengthBytes: Math.max(lengthBytes, bytes.length) };
  // The kernel returns nothing from a page that a file is mapped to (FOLL_ANON), and at most one page of a title.
  if (bytes.length === 0 && lengthBytes > 0) return { kind: 'unread', pid, why: 'Refused' };
  const whole = bytes.length === 0 || bytes.at(-1) === 0;
  return { kind: 'read', pid, base64, lengthBytes: whole ? bytes.length : Math.max(lengthBytes, bytes.length) };
}

/** Reads once. The kernel returns fewer bytes than requested only when no more bytes follow. */
async function readUpTo(file: number, most: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(most);
  return await new Promise((resolve, reject) => {
    read(file, buffer, 0, most, null, (error, length) => {
      if (error === null) resolve(buffer.subarray(0, length));
      else reject(error);
    });
  });
}

/** Reads the stat file of a thread. The stat file of a process adds up all threads, which takes 0.7 ms for 10,000 threads. */
function statOf({ pid }: CmdlineTarget, tid: number): string {
  const file = openSync(`${proc}/${pid}/task/${tid}/stat`, 'r');
  try {
    return statBuffer.toString('latin1', 0, readSync(file, statBuffer, 0, statBuffer.length, null));
  } finally {
    closeSync(file);
  }
}

/** True if the process is the captured one, and the thread lives. */
function isStill(target: CmdlineTarget, ofThread: string): boolean {
  const thread = parseStat(ofThread);
  const leader = target.tid === target.pid ? thread : parseStat(statOf(target, target.pid));
  if (!thread.ok || !leader.ok) return false;
  return leader.value.startTimeTicks === target.startTimeTicks && !/[ZX]/.test(thread.value.state);
}

function reasonOf(error: unknown): 'Gone' | 'Refused' {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH' ? 'Gone' : 'Refused';
}

/** Collects the answers of one turn of the event loop. A write per answer would take as long as the read itself. */
function answer(line: CmdlineAnswer): void {
  if (unsent.length === 0) setImmediate(send);
  unsent.push(`${JSON.stringify(line)}\n`);
}

/** Throws when the command is gone, which ends this process. */
function send(): void {
  const text = unsent.join('');
  unsent = [];
  writeFileSync(1, text);
}
