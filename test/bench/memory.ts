/** Measures the peak memory of the command with 10,000 threads. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { onWorkload, type Shape, type Version } from './measure.js';

export const TEN_THOUSAND_THREADS: Shape = { name: '10,000 threads', program: 'tree', args: [20, 500] };
const LOOK_EVERY_MS = 2;

export interface Peak {
  readonly threads: number;
  readonly pauseMicroseconds: number;
  readonly peakMegabytes: number;
}

/** Reads VmHWM of /proc/PID/status (proc_pid_status(5)) until the command has ended. VmHWM only grows, so the last value is the peak. */
export async function peakMemory(version: Version): Promise<Peak> {
  return await onWorkload(version, TEN_THOUSAND_THREADS, async (cgroup) => {
    const command = spawn(join(REPOSITORY, 'bin/stasis'), ['checkpoint', '--cgroup', cgroup.directory, '-o', 'json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    command.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    let peak = 0;
    const look = setInterval(() => {
      peak = Math.max(peak, highWater(command.pid ?? 0));
    }, LOOK_EVERY_MS);
    await new Promise((resolve) => command.once('close', resolve));
    clearInterval(look);
    const { status } = JSON.parse(output) as { status: { threads: number; timings: { pauseMicroseconds: number } } };
    return { threads: status.threads, pauseMicroseconds: status.timings.pauseMicroseconds, peakMegabytes: peak };
  });
}

function highWater(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s*([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) / 1000;
  } catch {
    return 0;
  }
}
