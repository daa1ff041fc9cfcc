/**
 * A rehearsal on throwaway processes, before the first real capture: it warms the code, so that the first pod is not held
 * longer than the hundredth, and it tells at start, with the reason, whether this machine can do it at all.
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
import { rehearsalName, sweepRehearsals } from './rehearsal-sweep.js';
import type { Tracer } from './tracer.js';

/** The engine has compiled every hot loop after about 2,000 tasks (measured: no gain beyond). */
const PROCESSES = 24;
const ROUNDS = 120;
/**
 * Bound of the rounds, in milliseconds: all of them take a quarter of a second on a quiet machine. On a busy one fewer have to do,
 * as somebody waits for an answer; the first pause is longer then.
 */
const ROUNDS_WITHIN_MS = 300;
/** Bound of one round, in microseconds. A round that takes longer says that the machine is busy, and ends the rehearsal. */
const ROUND_MICROSECONDS = 300_000;
/** Bounds of waiting for the processes to come and to go: 2 ms, so many times. */
const SETTLE_MS = 2;
const SETTLE_TRIES = 250;

/**
 * The shell stays outside of the cgroup: it is our child, and libuv takes the ptrace stops of its own children. Its sleepers
 * are not, and end with it: when our end of the pipe closes, for whatever reason.
 */
const SHELL = `
for _ in $2; do (echo 0 > "$1/cgroup.procs" && exec sleep 60) & pids="$pids $!"; done
read -r _
kill -KILL $pids 2> /dev/null
wait
`;

/** Rehearses captures on the hierarchies that will be captured. Undefined when all is well. Leaves nothing behind. */
export async function rehearse(
  tracer: Tracer,
  roots: ResolveRoots,
  wanted: readonly ContainerTarget[],
): Promise<Failure | undefined> {
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
    // A machine on which 24 processes do not start in half a second is busy, and not unfit.
    if (!(await populated(directory, PROCESSES))) return undefined;
    return await run(tracer, {
      containers: [{ directory, cgroupPath: '/stasis-rehearsal', cgroupVersion, freezer }],
      timeoutMicroseconds: ROUND_MICROSECONDS,
      holdMicroseconds: 0,
      proc: roots.proc,
    });
  } finally {
    await end(shell, directory);
  }
}

async function run(tracer: Tracer, request: CaptureRequest): Promise<Failure | undefined> {
  const until = performance.now() + ROUNDS_WITHIN_MS;
  for (let round = 0; round < ROUNDS && (round === 0 || performance.now() < until); round++) {
    const result = await tracer.capture(request);
    const refusal = 'report' in result ? result.report.failure : result.failure;
    // Even sleepers freeze late on a machine without CPU time.
    if (refusal?.reason === 'FreezeTimeout') return undefined;
    // Nothing that a rehearsal could tell of the machine.
    if (refusal?.reason === 'GuardUnavailable') return refusal;
    if (refusal !== undefined)
      return failure(
        'HostUnfit',
        `a rehearsal on processes of our own failed: ${refusal.reason}: ${refusal.message}${hint(request.proc)}`,
      );
  }
  return undefined;
}

/** What stands in the way more often than not. */
function hint(proc: string): string {
  const hints: string[] = [];
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(read(`${proc}/self/status`))?.[1];
  const CAP_SYS_PTRACE = 1n << 19n;
  if (capabilities !== undefined && (BigInt(`0x${capabilities}`) & CAP_SYS_PTRACE) === 0n)
    hints.push('CAP_SYS_PTRACE is missing');
  const yama = read(`${proc}/sys/kernel/yama/ptrace_scope`).trim();
  if (yama === '3') hints.push('Yama forbids ptrace to everyone (kernel.yama.ptrace_scope = 3)');
  return hints.length === 0 ? '' : ` (${hints.join('; ')})`;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Undefined where it cannot be told: then nothing is rehearsed. */
function placeFor(roots: ResolveRoots, version: 'v1' | 'v2', freezer: ContainerTarget['freezer']): string | undefined {
  const hierarchies = readHierarchies(roots);
  if (!hierarchies.ok || (version === 'v1' && freezer === 'none')) return undefined;
  const mount = version === 'v1' ? hierarchies.value.freezerV1 : hierarchies.value.unified;
  return mount && ownCgroup(roots, mount, version);
}

/** Whether all processes have come. */
async function populated(directory: string, count: number): Promise<boolean> {
  for (let attempt = 0; attempt < SETTLE_TRIES; attempt++) {
    const pids = read(`${directory}/cgroup.procs`)
      .split('\n')
      .filter((line) => line !== '');
    // A subshell has moved itself in when it is listed, and is a sleeper when its name says so.
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
