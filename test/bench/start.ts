/** Measures the time from the start of the command to its output, on an idle cgroup. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { PodCapture } from '../../src/api/podcapture.js';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { onWorkload, type Shape, type Version } from './measure.js';

const IDLE: Shape = { name: '1 task', program: 'sleeper', args: [] };
/** As many loops as the goal names, on a machine of two CPUs. */
export const BUSY_LOOPS = 4;

/** One run of the command. */
export interface Start {
  readonly milliseconds: number;
  readonly pauseMicroseconds: number;
}

/** Runs the command `runs` times on a quiet machine, and then as often beside busy loops. */
export async function starts(version: Version, runs: number): Promise<{ quiet: Start[]; busy: Start[] }> {
  return await onWorkload(version, IDLE, async ({ directory }) => {
    const run = (): Start => runOnce(directory);
    run();
    const quiet = Array.from({ length: runs }, run);
    const busy = await besideBusyLoops(() => Array.from({ length: runs }, run));
    return { quiet, busy };
  });
}

function runOnce(directory: string): Start {
  const since = performance.now();
  const command = join(REPOSITORY, 'bin/stasis');
  const { stdout, stderr } = spawnSync(command, ['checkpoint', '--cgroup', directory, '-o', 'json'], {
    encoding: 'utf8',
  });
  const milliseconds = performance.now() - since;
  if (stdout === '') throw new Error(`stasis: ${stderr}`);
  const { status } = JSON.parse(stdout) as PodCapture;
  return { milliseconds, pauseMicroseconds: status.timings.pauseMicroseconds };
}

async function besideBusyLoops<T>(measure: () => T): Promise<T> {
  const loops: ChildProcess[] = [];
  try {
    for (let loop = 0; loop < BUSY_LOOPS; loop++)
      loops.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
    await Promise.all(loops.map(async (loop) => await new Promise((resolve) => loop.once('spawn', resolve))));
    return measure();
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
}
