/**
 * A rehearsal: one capture of throwaway processes, before the first real capture. It tells whether this machine can freeze, seize and
 * release at all, and if not, why.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Failure } from '../pure/failure.js';
import { ownCgroup } from '../resolve/own-cgroup.js';
import type { ContainerTarget } from '../pure/container-target.js';
import { readHierarchies } from '../resolve/hierarchies.js';
import type { ResolveRoots } from '../resolve/request.js';
import type { CaptureRequest } from '../capture/session.js';
import { obstacleToTracing } from './obstacle-to-tracing.js';
import { rehearsalName, sweepRehearsals } from './rehearsal-sweep.js';
import type { Tracer } from './tracer.js';

const PROCESSES = 4;
/** Bound of the capture, in microseconds: sleeping processes stop within a millisecond on a machine that is not busy. */
const TIMEOUT_MICROSECONDS = 300_000;
/** The start and the end of the processes are looked for so many times, so many milliseconds apart. */
const SETTLE_MS = 2;
const SETTLE_TRIES = 250;

/**
 * The shell stays outside of the cgroup. It is our child, and libuv takes the ptrace stops of its own children. The sleepers are not our
 * children, and they end with the shell, when our end of the pipe closes for whatever reason.
 */
const SHELL = `
for _ in $2; do (echo 0 > "$1/cgroup.procs" && exec sleep 60) & pids="$pids $!"; done
read -r _
kill -KILL $pids 2> /dev/null
wait
`;

/**
 * Rehearses a capture with each of the freezers that will be used. Returns undefined when it succeeds, and when a lack of CPU time leaves
 * the question open. Leaves nothing behind.
 */
export async function rehearse(
  tracer: Tracer,
  roots: ResolveRoots,
  wanted: readonly ContainerTarget[],
): Promise<Failure | undefined> {
  // Processes of one's own can be traced without the capability, and those of pods cannot.
  const obstacle = obstacleToTracing(roots.proc);
  if (obstacle !== undefined) return failure('HostUnfit', obstacle);
  const ways = new Map(wanted.map((container) => [`${container.cgroupVersion} ${container.freezer}`, container]));
  for (const container of ways.values()) {
    const refusal = await rehearseOn(tracer, roots, container);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

async function rehearseOn(
  tracer: Tracer,
  roots: ResolveRoots,
  { cgroupVersion, freezer }: ContainerTarget,
): Promise<Failure | undefined> {
  const own = placeFor(roots, cgroupVersion, freezer);
  if (own === undefined) return undefined;
  sweepRehearsals(own, roots.proc);
  // Several tracing threads may rehearse at a time.
  const directory = `${own}/${rehearsalName(roots.self, randomUUID())}`;
  try {
    mkdirSync(directory);
  } catch (error) {
    return failure(
      'HostUnfit',
      `cannot make a cgroup below ${own} to rehearse in: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`,
    );
  }
  const shell = spawn('sh', ['-c', SHELL, 'sh', directory, '1 '.repeat(PROCESSES).trim()], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => undefined);
  try {
    // A machine on which a few processes do not start in half a second is busy, and not unfit.
    if (!(await populated(directory, PROCESSES))) return undefined;
    return await run(tracer, {
      containers: [{ directory, cgroupPath: '/stasis-rehearsal', cgroupVersion, freezer }],
      timeoutMicroseconds: TIMEOUT_MICROSECONDS,
      holdMicroseconds: 0,
      proc: roots.proc,
    });
  } finally {
    await end(shell, directory);
  }
}

async function run(tracer: Tracer, request: CaptureRequest): Promise<Failure | undefined> {
  const result = await tracer.capture(request);
  const refusal = 'report' in result ? result.report.failure : result.failure;
  // Even sleeping processes freeze late on a machine without CPU time.
  if (refusal === undefined || refusal.reason === 'FreezeTimeout') return undefined;
  // A failure of the guard says nothing about the machine.
  if (refusal.reason === 'GuardUnavailable') return refusal;
  return failure('HostUnfit', `a rehearsal on processes of our own failed: ${refusal.reason}: ${refusal.message}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Returns undefined when the own cgroup is unknown. Nothing is rehearsed then. */
function placeFor(roots: ResolveRoots, version: 'v1' | 'v2', freezer: ContainerTarget['freezer']): string | undefined {
  const hierarchies = readHierarchies(roots);
  if (!hierarchies.ok || (version === 'v1' && freezer === 'none')) return undefined;
  const mount = version === 'v1' ? hierarchies.value.freezerV1 : hierarchies.value.unified;
  return mount && ownCgroup(roots, mount, version);
}

/** Waits until all processes run in the cgroup. Returns whether they do. */
async function populated(directory: string, count: number): Promise<boolean> {
  for (let attempt = 0; attempt < SETTLE_TRIES; attempt++) {
    const pids = read(`${directory}/cgroup.procs`)
      .split('\n')
      .filter((line) => line !== '');
    // A listed process is a subshell at first, and a sleeper when its name says so.
    if (pids.length === count && pids.every((pid) => read(`/proc/${pid}/comm`) === 'sleep\n')) return true;
    await sleep(SETTLE_MS);
  }
  return false;
}

async function end(shell: ChildProcess, directory: string): Promise<void> {
  shell.stdin?.end();
  for (let attempt = 0; attempt < SETTLE_TRIES; attempt++) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await sleep(SETTLE_MS);
    }
  }
}
