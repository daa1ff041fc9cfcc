/**
 * Command lines, by a process that may be lost: reading /proc/PID/cmdline takes the mmap_lock of its owner and may fault in
 * its pages, so it can block for as long as a hung file system likes. It happens after the release, and whatever is not answered by the
 * deadline is left out.
 */
import { spawn } from 'node:child_process';
import type { ProcessRow } from '../../api/podcapture.js';

const DEADLINE_MS = 500;
/** A process may put megabytes there; this much is more than a person reads. */
const MAX_BYTES = 4096;

/** Reads each with its start time, so that a pid that was reused meanwhile is noticed. Prints one JSON line a process, as it goes. */
const READER = `
const fs = require('fs');
const [proc, max, ...pids] = process.argv.slice(1);
for (const pid of pids) read(pid).catch(() => {});
async function read(pid) {
  const file = await fs.promises.open(proc + '/' + pid + '/cmdline', 'r');
  try {
    const bytes = Buffer.alloc(Number(max));
    const { bytesRead: length } = await file.read(bytes, 0, bytes.length, null);
    const stat = fs.readFileSync(proc + '/' + pid + '/task/' + pid + '/stat', 'latin1');
    const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    fs.writeSync(1, JSON.stringify([Number(pid), started, bytes.subarray(0, length).toString()]) + '\\n');
  } finally {
    await file.close();
  }
}
`;

/** One that blocks keeps a thread of the reader's pool for good, and none of the others waiting until so many have. */
const READS_AT_ONCE = 64;

/** Pids an argument list takes with ease (ARG_MAX is 2 MB). */
const MAX_PIDS = 50_000;

/** The arguments of each process that still is the one that was captured. Never fails, and ends by its deadline. */
export async function readCmdlines(
  proc: string,
  tree: readonly ProcessRow[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const living = tree.filter((row) => row.state !== 'Zombie').slice(0, MAX_PIDS);
  const starts = new Map(living.map((row) => [row.pid, row.startTimeTicks]));
  const output = await lines(
    proc,
    living.map((row) => row.pid),
  );
  const cmdlines = new Map<number, readonly string[]>();
  for (const line of output.split('\n').slice(0, -1)) {
    const [pid, started, text] = JSON.parse(line) as [number, number, string];
    if (starts.get(pid) === started) cmdlines.set(pid, text.replace(/\0$/, '').split('\0'));
  }
  return cmdlines;
}

async function lines(proc: string, pids: readonly number[]): Promise<string> {
  const reader = spawn(process.execPath, ['-e', READER, proc, String(MAX_BYTES), ...pids.map(String)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { UV_THREADPOOL_SIZE: String(READS_AT_ONCE) },
  });
  let output = '';
  return await new Promise((resolve) => {
    // A reader in a sleep that cannot be killed is left to the kernel; nothing of ours waits for it.
    const timer = setTimeout(() => {
      reader.kill('SIGKILL');
      reader.stdout.destroy();
      reader.unref();
      resolve(output);
    }, DEADLINE_MS);
    reader.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    reader.once('error', () => undefined);
    reader.stdout.once('close', () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}
