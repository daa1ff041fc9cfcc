/** Runs the bare C program and Stasis alternately on one workload. */
import { spawnSync } from 'node:child_process';
import { openLibc } from '../../src/native/libc.js';
import type { ContainerTarget } from '../../src/node-agent/pure/container-target.js';
import { startTracer, type Tracer } from '../../src/node-agent/tracer/tracer.js';
import type { Timings } from '../../src/api/podcapture.js';
import { type Cgroup, makeCgroup } from '../kernel/harness/cgroup.js';
import { cleanupAll } from '../kernel/harness/cleanup.js';
import { ownGuard } from '../kernel/harness/own-guard.js';
import { programPath } from '../kernel/harness/programs.js';
import { startWorkload } from '../kernel/harness/workload.js';

export type Version = 'v1' | 'v2';

/** The figures of one round: the time until all tasks are stopped, and the whole pause, in microseconds. */
export interface Round {
  readonly untilStopped: number;
  readonly pause: number;
}

/** A workload and its size. */
export interface Shape {
  readonly name: string;
  readonly program: string;
  readonly args: readonly (string | number)[];
}

/** How long a new tracing thread practises when it is idle, in milliseconds. */
const IDLE_PRACTICE_MS = 11_000;
/** The rest between two rounds, in milliseconds, so that no round measures the end of the round before. */
const REST_MS = 50;

/** Alternates, so that other work of the machine affects both programs alike. The first pair warms both programs up and is dropped. */
export async function alternate(
  version: Version,
  shape: Shape,
  rounds: number,
): Promise<{ c: Round[]; stasis: Round[] }> {
  return await onWorkload(version, shape, async (cgroup) => {
    const tracer = await warmTracer();
    const c: Round[] = [];
    const stasis: Round[] = [];
    for (let round = 0; round <= rounds; round++) {
      const [bareRound, ownRound] = [bare(cgroup), await own(tracer, cgroup)];
      if (round === 0) continue;
      c.push(bareRound);
      stasis.push(ownRound);
    }
    await tracer.close();
    return { c, stasis };
  });
}

/** Makes captures by Stasis only. */
export async function repeat(version: Version, shape: Shape, rounds: number): Promise<Round[]> {
  return await onWorkload(version, shape, async (cgroup) => {
    const tracer = await warmTracer();
    const all: Round[] = [];
    for (let round = 0; round < rounds; round++) all.push(await own(tracer, cgroup));
    await tracer.close();
    return all;
  });
}

/** Measures `threads` tracing threads: the first capture of each thread after its practice, and then warm captures. */
export async function firsts(
  version: Version,
  shape: Shape,
  threads: number,
): Promise<{ first: Round[]; warm: Round[] }> {
  return await onWorkload(version, shape, async (cgroup) => {
    bare(cgroup);
    const first: Round[] = [];
    const warm: Round[] = [];
    for (let thread = 0; thread < threads; thread++) {
      const tracer = await freshTracer();
      first.push(await own(tracer, cgroup));
      for (let round = 0; round < 5; round++) warm.push(await own(tracer, cgroup));
      await tracer.close();
    }
    return { first, warm };
  });
}

export async function onWorkload<T>(
  version: Version,
  shape: Shape,
  measure: (cgroup: Cgroup) => Promise<T>,
): Promise<T> {
  const made = makeCgroup(version, 'bench');
  if (!made.ok) throw new Error(made.reason);
  try {
    await startWorkload(made.cgroup, shape.program, shape.args);
    await rest();
    return await measure(made.cgroup);
  } finally {
    cleanupAll();
  }
}

export function target(cgroup: Cgroup): ContainerTarget {
  return { directory: cgroup.directory, cgroupPath: '/bench', cgroupVersion: cgroup.version, freezer: cgroup.version };
}

/** The tracing thread of an agent that has run for a few seconds: the thread has practised in its idle times. */
async function warmTracer(): Promise<Tracer> {
  const tracer = await freshTracer();
  await new Promise((resolve) => setTimeout(resolve, IDLE_PRACTICE_MS));
  return tracer;
}

async function freshTracer(): Promise<Tracer> {
  const guard = await ownGuard();
  const tracer = await startTracer(openLibc(), guard);
  return {
    ...tracer,
    close: async () => {
      await tracer.close();
      guard.close();
    },
  };
}

function bare(cgroup: Cgroup): Round {
  const { status, stdout, stderr } = spawnSync(programPath('bare'), [cgroup.version, cgroup.directory, '1'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`bare: ${stderr}`);
  return JSON.parse(stdout) as Round;
}

async function own(tracer: Tracer, cgroup: Cgroup): Promise<Round> {
  await rest();
  const result = await tracer.capture({
    containers: [target(cgroup)],
    timeoutMicroseconds: 10_000_000,
    holdMicroseconds: 0,
    proc: '/proc',
  });
  if (!('report' in result)) throw new Error(result.failure.message);
  if (result.report.failure !== undefined) throw new Error(result.report.failure.message);
  await rest();
  return {
    untilStopped: untilStopped(cgroup.version, result.report.timings),
    pause: result.report.timings.pauseMicroseconds,
  };
}

/** Sums the phases up to the last stop. On v2 all tasks are stopped before the freezer opens, so the thaw does not count. */
function untilStopped(version: Version, timings: Timings): number {
  const {
    cgroupFreezeMicroseconds: freeze,
    seizeMicroseconds: seize,
    cgroupThawMicroseconds: thaw,
    stopMicroseconds: stop,
  } = timings;
  return freeze + seize + stop + (version === 'v1' ? thaw : 0);
}

async function rest(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
}
