/**
 * Command lines, by a process that may be lost (cmdline.worker.ts): reading /proc/PID/cmdline can block for as long as a
 * hung file system likes. It happens after the release.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CmdlineUnread, ProcessRow } from '../../api/podcapture.js';
import { MAX_BYTES, type CmdlineAnswer, type CmdlineRequest, type CmdlineTarget } from './cmdline-protocol.js';
import { commandLines, type CommandLines, type RawCommandLine } from '../pure/command-lines.js';

const WORKER = fileURLToPath(new URL('cmdline.worker.js', import.meta.url));

/**
 * For all command lines of a capture, the start of the reader included. 10,000 of them take 2.2 s of CPU time (Linux 6.18,
 * Node 20), so that a machine with a quarter of a CPU to spare is in time. A reader that is blocked is given up earlier:
 * it notices within half a second that it does not come on.
 */
const DEADLINE_MS = 10_000;

/** Reads of one reader at the same time; see LANES in cmdline.worker.ts. */
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
    // All of its threads are blocked: for those that are left there is another reader, or a tenant could hide them.
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

/** One reader, until it says that it has ended, dies, or the time is over. */
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
      // A reader in a sleep that cannot be killed is left to the kernel, and never waited for.
      reader.kill('SIGKILL');
      reader.stdin.destroy();
      reader.stdout.destroy();
      reader.unref();
    }
  } catch {
    // No memory, or no descriptors, for another process.
    return 'died';
  }
}

function startReader(threads: number): ChildProcessByStdio<Writable, Readable, null> {
  return spawn(process.execPath, [WORKER], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // A session of its own: Ctrl-Z stops the command when it is ready to be stopped, and would stop the reader at once.
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
    // EPIPE, when the reader died at once: its end says so too.
    reader.stdin.on('error', () => undefined);
    reader.stdin.end(JSON.stringify(request));
  });
}

/** Calls `take` with each line of the chunks. What stands behind the last newline is no answer. */
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
