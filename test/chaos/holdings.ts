/** The resources that a process holds. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Holdings {
  /** VmRSS, proc_pid_status(5). */
  readonly kilobytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Children that are dead and not reaped. */
  readonly zombies: number;
}

/** Returns undefined when the process is gone. */
export function holdingsOf(pid: number): Holdings | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    const threads = readdirSync(`/proc/${pid}/task`);
    return {
      kilobytes: field('VmRSS'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      threads: threads.length,
      zombies: threads.flatMap((tid) => childrenOf(pid, tid)).filter(isZombie).length,
    };
  } catch {
    return undefined;
  }
}

/** Returns the highest value of each resource: memory goes up and down, and a level that is only reached again is no growth. */
export function highest(all: readonly Holdings[]): Holdings {
  const most = (field: keyof Holdings): number => Math.max(0, ...all.map((one) => one[field]));
  return {
    kilobytes: most('kilobytes'),
    descriptors: most('descriptors'),
    threads: most('threads'),
    zombies: most('zombies'),
  };
}

export function render(holdings: Holdings | undefined): string {
  if (holdings === undefined) return 'gone';
  const { kilobytes, descriptors, threads, zombies } = holdings;
  return `${(kilobytes / 1000).toFixed(1)} MB, ${descriptors} descriptors, ${threads} threads, ${zombies} zombies`;
}

function childrenOf(pid: number, tid: string): number[] {
  return readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
