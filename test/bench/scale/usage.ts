/** Samples memory and CPU time of processes in the control plane's place. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pidOf, type Place } from '../../cluster/harness/place.js';

/** Linux counts CPU time in ticks of 10 ms (sysconf(_SC_CLK_TCK)). */
const TICKS_PER_SECOND = 100;
const EVERY_MS = 500;

export interface Usage {
  /** Largest resident memory that a sample saw, in bytes. */
  readonly peakRss: number;
  readonly meanRss: number;
  /** Average share of one core. */
  readonly cores: number;
}

interface Seen {
  readonly began: { readonly at: number; readonly ticks: number };
  last: { readonly at: number; readonly ticks: number };
  peak: number;
  sum: number;
  count: number;
}

/** Begins to sample the services of these names. Call `stop()` for what they used since. */
export function sample(place: Place, names: readonly string[]): { stop(): Readonly<Record<string, Usage>> } {
  const pids = new Map(names.map((name) => [name, hostPid(place, name)]));
  const seen = new Map<string, Seen>();
  const look = (): void => {
    for (const [name, pid] of pids) {
      const now = read(pid);
      if (now === undefined) continue;
      const before = seen.get(name) ?? { began: now, last: now, peak: 0, sum: 0, count: 0 };
      seen.set(name, {
        ...before,
        last: now,
        peak: Math.max(before.peak, now.rss),
        sum: before.sum + now.rss,
        count: before.count + 1,
      });
    }
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return Object.fromEntries([...seen].map(([name, one]) => [name, usageOf(one)]));
    },
  };
}

function usageOf({ began, last, peak, sum, count }: Seen): Usage {
  const seconds = Math.max(0.001, (last.at - began.at) / 1000);
  return { peakRss: peak, meanRss: sum / count, cores: (last.ticks - began.ticks) / TICKS_PER_SECOND / seconds };
}

function read(
  pid: number | undefined,
): { readonly at: number; readonly ticks: number; readonly rss: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const rss = 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
    // Fields 14 and 15 of proc_pid_stat(5); the split removed the first two.
    return { at: performance.now(), ticks: Number(stat[11]) + Number(stat[12]), rss };
  } catch {
    return undefined;
  }
}

/** The largest resident memory of the process since its start, in bytes. */
export function peakRss(place: Place, name: string): number {
  const status = readFileSync(`/proc/${hostPid(place, name)}/status`, 'utf8');
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
}

/** The pid by which this process sees a service of the place. The service's file has the pid of the place's own namespace. */
export function hostPid(place: Place, name: string): number | undefined {
  const inner = readFileSync(join(place.state, `${name}.pid`), 'utf8').trim();
  const namespace = readlinkSync(`/proc/${pidOf(place)}/ns/pid`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => {
      try {
        const numbers = /NSpid:\s+(.*)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split(/\s+/) ?? [];
        return numbers.at(-1) === inner && readlinkSync(`/proc/${pid}/ns/pid`) === namespace;
      } catch {
        return false;
      }
    });
}
