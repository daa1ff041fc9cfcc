/**
 * Reads command lines after the release, in an expendable process (cmdline.worker.ts): a read of /proc/PID/cmdline may
 * block for as long as a file system hangs.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CmdlineUnread, ProcessRow } from '../../api/podcapture.js';
import { MAX_BYTES, type CmdlineAnswer, type CmdlineRequest, type CmdlineTarget } from './cmdline-protocol.js';
import { commandLines, type CommandLines, type RawCommandLine } from '../pure/command-lines.js';

const WORKER = fileURLToPath(new URL('cmdline.worker.js', import.meta.url));

/**
 * The time for all command lines of a capture, in milliseconds, including the start of the reader. 10,000 command lines take 2.2
 * s of CPU time (Linux 6.18, Node 20), so that a quarter of a CPU is enough. A blocked reader does not use up this time, because
 * it notices after half a second that no read returns.
 */
const DEADLINE_MS = 10_000;

/** Number of simultaneous reads of one reader; see LANES in cmdline.worker.ts. */
const READS_AT_ONCE = 64;

/**
 * Reads the command line of each process that lives and still is the one that was captured. Never fails, and takes 10 s
 * at most. Each such process has an entry: its command line, or why there is none.
 *
 * @param proc where procfs is mounted
 */
export async function readCmdlines(proc: string, tree: readonly ProcessRow[]): Promise<CommandLines> {
  const targets = tree.filter(({ state }) => state !== 'Zombie').map(targetOf);
  const found = new Map<number, RawCommandLine>();
  const until = performance.now() + DEADLINE_MS;
  let left = targets;
  let why: CmdlineUnread = 'OutOfTime';
  while (left.length > 0) {
    const before = found.size;
    const request = { proc, targets: left, maxBytes: Math.floor((MAX_BYTES * left.length) / targets.length) };
    const end = await readRound(request, until - performance.now(), found);
    if (end === 'died') why = 'ReaderFailed';
    // All threads of the reader are blocked. Another reader goes on; otherwise a tenant could hide the other processes in this way.
    left = left.filter(({ pid }) => !found.has(pid));
    if (end !== 'ended' || found.size === before) break;
  }
  for (const { pid } of left) found.set(pid, { unread: why });
  return commandLines(found);
}

function targetOf({ pid, threads, startTimeTicks }: ProcessRow): CmdlineTarget {
  const tid = threads.find(({ state }) => state !== 'Zombie')?.tid ?? pid;
  return { pid, tid, startTimeTicks };
}

/** Runs one reader until it has ended, has died, or is out of time. */
async function readRound(
  request: CmdlineRequest,
  milliseconds: number,
  found: Map<number, RawCommandLine>,
): Promise<'ended' | 'died' | 'late'> {
  try {
    const reader = startReader(Math.min(READS_AT_ONCE, request.targets.length));
    try {
      return await answersOf(reader, request, milliseconds, found);
    } finally {
      // The kernel cannot end a reader in an uninterruptible sleep, so nobody waits for its end.
      reader.kill('SIGKILL');
      reader.stdin.destroy();
      reader.stdout.destroy();
      reader.unref();
    }
  } catch {
    // There is no memory, or no descriptor, for another process.
    return 'died';
  }
}

function startReader(threads: number): ChildProcessByStdio<Writable, Readable, null> {
  return spawn(process.execPath, [WORKER], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // The reader has a session of its own, because Ctrl-Z would stop the reader at once, but stops the command only when it holds
    // nothing.
    detached: true,
    env: { UV_THREADPOOL_SIZE: String(threads) },
  });
}

async function answersOf(
  reader: ChildProcessByStdio<Writable, Readable, null>,
  request: CmdlineRequest,
  milliseconds: number,
  found: Map<number, RawCommandLine>,
): Promise<'ended' | 'died' | 'late'> {
  return await new Promise((resolve) => {
    const timer = setTimeout(() => resolve('late'), Math.max(0, milliseconds));
    const finish = (how: 'ended' | 'died'): void => {
      clearTimeout(timer);
      resolve(how);
    };
    const take = (line: string): void => {
      const answer = JSON.parse(line) as CmdlineAnswer;
      if (answer.kind === 'read') found.set(answer.pid, answer);
      else if (answer.kind === 'unread') found.set(answer.pid, { unread: answer.why });
      else {
        for (const pid of answer.blocked) found.set(pid, { unread: 'Blocked' });
        finish('ended');
      }
    };
    reader.once('error', () => finish('died'));
    reader.stdout.setEncoding('latin1').on('data', eachLine(take));
    reader.stdout.once('close', () => finish('died'));
    // EPIPE if the reader dies at once. The end of its output tells that as well.
    reader.stdin.on('error', () => undefined);
    reader.stdin.end(JSON.stringify(request));
  });
}

/** Calls `take` with each complete line of the chunks. */
function eachLine(take: (line: string) => void): (chunk: string) => void {
  let parts: string[] = [];
  return (chunk) => {
    const lines = chunk.split('\n');
    for (const piece of lines.slice(0, -1)) {
      take(parts.join('') + piece);
      parts = [];
    }
    parts.push(lines.at(-1) ?? '');
  };
}
