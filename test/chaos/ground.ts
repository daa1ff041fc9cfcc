/** The ground of a trial: a cgroup with a workload and a heartbeat, and the checks that nothing holds them. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { type Cgroup, makeCgroup } from '../kernel/harness/cgroup.js';
import { readCounters, STOPPED_COUNTERS } from '../kernel/harness/counters.js';
import { readHeartbeat } from '../kernel/harness/heartbeat.js';
import type { CgroupVersion } from '../kernel/harness/hierarchy.js';
import { scratchDirectory } from '../kernel/harness/scratch.js';
import { startWorkload } from '../kernel/harness/workload.js';

export interface Shape {
  readonly name: string;
  readonly program: string;
  readonly args: readonly (string | number)[];
  /** Number of sleeping tasks, none of which may be missing afterwards. A storm has no such number. */
  readonly tasks?: number;
  /** The program keeps counters, in a file that is its first argument (test/programs/stopped.c). */
  readonly counters?: true;
  /** Only the end of the tracing thread releases this workload, so each capture is followed by a new thread. */
  readonly endsThread?: true;
}

export const SHAPES: readonly Shape[] = [
  { name: 'idle tree', program: 'tree', args: [4, 3], tasks: 13 },
  { name: 'fork storm', program: 'fork-storm', args: [6] },
  { name: 'thread storm', program: 'clone-storm', args: [6] },
  { name: 'stopped task', program: 'stopped', args: [19, 3], counters: true },
  { name: 'vfork parent', program: 'vfork-parent', args: [0], endsThread: true },
  { name: '400 threads', program: 'tree', args: [8, 50], tasks: 401 },
];

export interface Ground {
  readonly shape: Shape;
  readonly version: CgroupVersion;
  readonly cgroup: Cgroup;
  /** Whether a capture holds the heartbeat now. The look takes 50 µs. */
  held(): boolean;
  /** Lists everything that stands still or is traced, and the heart if it has not beaten since `after` (hrtime). Empty when all is free. */
  standing(after: bigint): string[];
  /** Lists the lasting harm that a capture did to the workload. Empty when there is none. */
  harm(): string[];
}

/** Makes a ground. It lives for two minutes, as its programs do. */
export async function makeGround(shape: Shape, version: CgroupVersion): Promise<Ground> {
  const made = makeCgroup(version, 'chaos');
  if (!made.ok) throw new Error(made.reason);
  const { cgroup } = made;
  const beats = join(scratchDirectory(), 'beats');
  const heart = await startWorkload(cgroup, 'heartbeat', [beats]);
  const counters = join(scratchDirectory(), 'counters');
  await startWorkload(cgroup, shape.program, shape.counters === undefined ? shape.args : [counters, ...shape.args]);
  const tids = new Set(cgroup.threads());
  return {
    shape,
    version,
    cgroup,
    held: () => cgroup.freezeState() !== 'THAWED' || /^TracerPid:\t[1-9]/m.test(statusOf(heart.pid)),
    standing: (after) => {
      const state = cgroup.freezeState();
      if (state !== 'THAWED') return [`${basename(cgroup.directory)} is ${state}`];
      if (readHeartbeat(beats).lastBeat <= after) return ['the heart does not beat'];
      return cgroup.threads().flatMap(holdOn);
    },
    harm: () => {
      const missing = shape.tasks === undefined ? [] : [...tids].filter((tid) => statusOf(tid) === '');
      const lost = missing.map((tid) => `task ${tid} is gone`);
      if (shape.counters === undefined) return lost;
      const { resumed, ended } = readCounters(counters, STOPPED_COUNTERS);
      return resumed === 0n && ended === 0n ? lost : [...lost, `the stopped task was resumed ${resumed} times`];
    },
  };
}

/** Says whether a task is traced, or in a tracing stop. A task that is gone is neither. */
export function holdOn(tid: number): string[] {
  const status = statusOf(tid);
  const state = /^State:\t(.)/m.exec(status)?.[1];
  const tracer = /^TracerPid:\t(\d+)/m.exec(status)?.[1] ?? '0';
  if (tracer !== '0') return [`task ${tid} is traced by ${tracer}`];
  return state === 't' ? [`task ${tid} is in a tracing stop`] : [];
}

function statusOf(tid: number): string {
  try {
    return readFileSync(`/proc/${tid}/status`, 'utf8');
  } catch {
    return '';
  }
}
