/**
 * A reader of cgroupfs and /proc that shares no code with the product: it reads whole files with Node, and compares text. It may
 * look only while the tasks stand still.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SeenThread {
  readonly tid: number;
  readonly comm: string;
  readonly uids: string;
  readonly gids: string;
  readonly noNewPrivileges: boolean;
}

export interface SeenProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  readonly isZombie: boolean;
  readonly uids: string;
  readonly gids: string;
  readonly startTimeTicks: number;
  readonly threads: readonly SeenThread[];
}

/** Every process with a thread in the cgroup or below it, and the zombies that are children of them; by pid. */
export function readProcessesOf(directory: string, taskFile: 'tasks' | 'cgroup.threads'): Map<number, SeenProcess> {
  const threads = new Map<number, SeenThread[]>();
  for (const tid of tidsBelow(directory, taskFile)) {
    const status = statusOf(String(tid));
    const pid = Number(value(status, 'Tgid'));
    threads.set(pid, [...(threads.get(pid) ?? []), threadOf(tid, status)]);
  }
  const seen = new Map<number, SeenProcess>();
  for (const [pid, list] of threads) seen.set(pid, processOf(pid, list));
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    if (seen.has(pid)) continue;
    const found = zombieOf(pid);
    if (found !== undefined && threads.has(found.ppid)) seen.set(pid, found);
  }
  return seen;
}

function tidsBelow(directory: string, taskFile: string): number[] {
  const own = readFileSync(join(directory, taskFile), 'utf8').split('\n').filter(Boolean).map(Number);
  const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...own, ...below.flatMap((entry) => tidsBelow(join(directory, entry.name), taskFile))];
}

function processOf(pid: number, threads: readonly SeenThread[]): SeenProcess {
  const status = statusOf(String(pid));
  const isDead = value(status, 'State').startsWith('Z');
  const all = isDead ? [...threads, threadOf(pid, status)] : threads;
  return {
    pid,
    ppid: Number(value(status, 'PPid')),
    comm: nameIn(status),
    isZombie: false,
    uids: value(status, 'Uid'),
    gids: value(status, 'Gid'),
    startTimeTicks: startTime(pid),
    threads: all.toSorted((a, b) => a.tid - b.tid),
  };
}

function zombieOf(pid: number): SeenProcess | undefined {
  try {
    const status = statusOf(String(pid));
    if (!value(status, 'State').startsWith('Z')) return undefined;
    const ppid = Number(value(status, 'PPid'));
    const ids = { uids: value(status, 'Uid'), gids: value(status, 'Gid') };
    return { pid, ppid, comm: nameIn(status), isZombie: true, ...ids, startTimeTicks: startTime(pid), threads: [] };
  } catch {
    // Some process of another test, or of the machine: it has gone.
    return undefined;
  }
}

function threadOf(tid: number, status: string): SeenThread {
  return {
    tid,
    comm: nameIn(status),
    uids: value(status, 'Uid'),
    gids: value(status, 'Gid'),
    noNewPrivileges: value(status, 'NoNewPrivs') === '1',
  };
}

function statusOf(id: string): string {
  return readFileSync(`/proc/${id}/status`, 'utf8');
}

function value(status: string, key: string): string {
  const line = status.split('\n').find((each) => each.startsWith(`${key}:\t`));
  if (line === undefined) throw new Error(`no ${key}`);
  return line.slice(key.length + 2);
}

/** The kernel prints a newline in a name as backslash and n. */
function nameIn(status: string): string {
  return value(status, 'Name').replace(/\\([n\\])/g, (_, letter: string) => (letter === 'n' ? '\n' : '\\'));
}

function startTime(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}
