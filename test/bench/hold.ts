/** Measures the CPU time that a hold of 10,000 threads takes. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { onWorkload, type Version } from './measure.js';
import { TEN_THOUSAND_THREADS } from './memory.js';

/** The hold begins within the first seconds, and lasts to the end of the second look. */
const HOLD = '8s';
const FIRST_LOOK_MS = 3_000;
const LAST_LOOK_MS = 7_000;
/** USER_HZ: /proc/PID/stat counts CPU time in hundredths of a second on every architecture that Node runs on (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;

/** Returns the share of one core that the command takes in a hold, in percent. */
export async function holdingPercent(version: Version): Promise<number> {
  return await onWorkload(version, TEN_THOUSAND_THREADS, async ({ directory }) => {
    const args = ['checkpoint', '--cgroup', directory, '--hold', HOLD, '-o', 'json'];
    const command = spawn(join(REPOSITORY, 'bin/stasis'), args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise((resolve) => command.once('close', resolve));
    await sleep(FIRST_LOOK_MS);
    const before = cpuTicks(command.pid ?? 0);
    await sleep(LAST_LOOK_MS - FIRST_LOOK_MS);
    const used = cpuTicks(command.pid ?? 0) - before;
    await ended;
    return (100 * used) / TICKS_PER_SECOND / ((LAST_LOOK_MS - FIRST_LOOK_MS) / 1000);
  });
}

/** Adds up utime and stime (fields 14 and 15). They follow the command name, which ends with the last parenthesis. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
