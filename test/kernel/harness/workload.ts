import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Cgroup } from './cgroup.js';
import { onCleanup } from './cleanup.js';
import { programPath } from './programs.js';
import { scratchDirectory } from './scratch.js';
import { descendantsOf, isAlive, startTimeOf } from './tasks.js';
import { blockUntil, eventually } from './waiting.js';

/** How long a workload may take until it says "ready", in milliseconds. 10,000 threads on a busy machine need seconds. */
const READY_BOUND_MS = 10_000;
/** How long a helper may take to end by itself after SIGTERM, in milliseconds. */
const TERM_BOUND_MS = 2000;
const KILL_BOUND_MS = 5000;

export interface Workload {
  /** The pid of the program itself, never of a shell around it. */
  readonly pid: number;
  /** Returns the text that the program has written so far to stdout and stderr. */
  output(): string;
  /** Sends SIGTERM to the program, then SIGKILL to the program and each of its descendants, by pid, and waits until they are gone. */
  stop(): void;
}

/**
 * A shell script that moves itself into the cgroup ($1, when not empty), starts the program in the background with all output in
 * the file $2, and ends. So the program is never a child of this process. libuv waits for its own children, and would take
 * ptrace stops away from a tracer.
 */
const STARTER = `
if [ -n "$1" ]; then echo $$ > "$1/cgroup.procs" || exit 1; fi
out=$2
shift 2
"$@" > "$out" 2>&1 < /dev/null &
echo $!
`;

/**
 * Starts a program of test/programs in the cgroup, or in the cgroup of the caller for undefined, and waits for its "ready". Throws
 * an error with the output of the program when the program ends before that or says nothing in time.
 */
export async function startWorkload(
  cgroup: Cgroup | undefined,
  program: string,
  args: readonly (string | number)[] = [],
): Promise<Workload> {
  const file = join(scratchDirectory(), 'output');
  const command = [cgroup?.directory ?? '', file, programPath(program), ...args.map(String)];
  const starter = spawnSync('sh', ['-c', STARTER, 'sh', ...command], { encoding: 'utf8' });
  const pid = Number(starter.stdout);
  if (starter.status !== 0 || !Number.isInteger(pid) || pid <= 1) {
    throw new Error(`${program} was not started: ${starter.stderr}`);
  }
  const workload: Workload = { pid, output: () => readFileSync(file, 'utf8'), stop: () => end(pid) };
  onCleanup({ what: `${program} ${pid}`, undo: () => end(pid) });
  const isReady = (): boolean => /^ready$/m.test(workload.output());
  await eventually(`${program} is ready`, () => isReady() || !isAlive(pid), READY_BOUND_MS);
  if (!isReady()) throw new Error(`${program} ended before it was ready: ${workload.output()}`);
  return workload;
}

function end(pid: number): void {
  if (!isAlive(pid)) return;
  const family = [pid, ...descendantsOf(pid)].map((member) => ({ pid: member, startTime: startTimeOf(member) }));
  // A storm uses up thousands of tids per second. With a small pid_max, another process may soon have the pid.
  const living = (): number[] =>
    family.filter((one) => isAlive(one.pid) && startTimeOf(one.pid) === one.startTime).map((one) => one.pid);
  signal(pid, 'SIGTERM');
  blockUntil(() => !isAlive(pid), TERM_BOUND_MS);
  const ended = blockUntil(() => {
    const left = living();
    for (const member of left) signal(member, 'SIGKILL');
    return left.length === 0;
  }, KILL_BOUND_MS);
  if (!ended) throw new Error(`still alive: ${living().join(' ')}`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: the program ended in the meantime.
  }
}
