import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Cgroup } from './cgroup.js';
import { onCleanup } from './cleanup.js';
import { programPath } from './programs.js';
import { scratchDirectory } from './scratch.js';
import { descendantsOf, isAlive, startTimeOf } from './tasks.js';
import { blockUntil, eventually } from './waiting.js';

/** How long a workload may take until it says "ready": 10,000 threads on a busy machine need seconds. */
const READY_BOUND_MS = 10_000;
/** How long a helper may take to end by itself after SIGTERM. */
const TERM_BOUND_MS = 2000;
const KILL_BOUND_MS = 5000;

export interface Workload {
  /** The program itself, never a shell around it. */
  readonly pid: number;
  /** What it has written so far, stdout and stderr. */
  output(): string;
  /** SIGTERM to the program, then SIGKILL to it and each of its descendants, by pid; waits until they are gone. */
  stop(): void;
}

/**
 * Moves itself into the cgroup ($1, when not empty), starts the program in the background with all output in the file
 * $2, and ends. So the program is never a child of this process: libuv waits for its children in ways that take a
 * tracer's stops away.
 */
const STARTER = `
if [ -n "$1" ]; then echo $$ > "$1/cgroup.procs" || exit 1; fi
out=$2
shift 2
"$@" > "$out" 2>&1 < /dev/null &
echo $!
`;

/**
 * Starts a program of test/programs in the cgroup, or with undefined in the caller's own, and waits for its "ready".
 * Throws, with what it wrote, when it ends before or says nothing in time.
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
  // A storm takes thousands of tids a second: with a small pid_max a pid may be somebody else's soon.
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
    // ESRCH: it ended meanwhile.
  }
}
