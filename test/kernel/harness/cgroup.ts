import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { onCleanup } from './cleanup.js';
import { type CgroupVersion, findHierarchy } from './hierarchy.js';
import { blockUntil } from './waiting.js';

/** How long the members of a cgroup may take to die, in milliseconds. */
const EMPTY_BOUND_MS = 5000;

export type FreezeState = 'THAWED' | 'FREEZING' | 'FROZEN';

/** A cgroup that a test made. Its methods are synchronous and throw the errors of the file system. */
export interface Cgroup {
  readonly version: CgroupVersion;
  readonly directory: string;
  /** Moves a process with all its threads into the cgroup. */
  add(pid: number): void;
  /** Makes a cgroup inside this one. */
  child(name: string): Cgroup;
  /** Returns the pids of the processes directly inside, each once. */
  processes(): number[];
  /** Returns the tids of the threads directly inside. */
  threads(): number[];
  /** Returns the actual state, not the request. On v2, FREEZING means that a freeze is requested and not complete; a frozen ancestor counts. */
  freezeState(): FreezeState;
  /** Requests a freeze, and does not wait. */
  freeze(): void;
  thaw(): void;
  /** Thaws, kills every process inside by pid, waits until the cgroup is empty, and removes it; deepest first. A second call does nothing. */
  remove(): void;
}

export type MadeCgroup =
  { readonly ok: true; readonly cgroup: Cgroup } | { readonly ok: false; readonly reason: string };

let counter = 0;

/** Makes a fresh cgroup below the cgroup of the caller. Returns the reason when this machine has no such hierarchy. */
export function makeCgroup(version: CgroupVersion, name: string): MadeCgroup {
  const hierarchy = findHierarchy(version);
  if (!hierarchy.ok) return hierarchy;
  counter += 1;
  const directory = join(hierarchy.directory, `stasis-test-${process.pid}-${counter}-${name}`);
  try {
    mkdirSync(directory);
  } catch (error) {
    return { ok: false, reason: `no cgroup can be made: ${String(error)}` };
  }
  const cgroup = cgroupAt(version, directory);
  onCleanup({ what: directory, undo: () => cgroup.remove(), free: () => thawTree(version, directory) });
  return { ok: true, cgroup };
}

function cgroupAt(version: CgroupVersion, directory: string): Cgroup {
  const file = (name: string): string => join(directory, name);
  const write = (name: string, text: string): void => writeFileSync(file(name), text);
  const thaw = (): void => (version === 'v1' ? write('freezer.state', 'THAWED') : write('cgroup.freeze', '0'));
  return {
    version,
    directory,
    add: (pid) => write('cgroup.procs', String(pid)),
    child: (name) => {
      mkdirSync(file(name));
      return cgroupAt(version, file(name));
    },
    processes: () => numbers(file('cgroup.procs')),
    threads: () => numbers(file(version === 'v1' ? 'tasks' : 'cgroup.threads')),
    freezeState: () => (version === 'v1' ? stateV1(file('freezer.state')) : stateV2(directory)),
    freeze: () => (version === 'v1' ? write('freezer.state', 'FROZEN') : write('cgroup.freeze', '1')),
    thaw,
    remove: () => removeTree(version, directory),
  };
}

function stateV1(path: string): FreezeState {
  const text = readFileSync(path, 'utf8').trim();
  return text === 'FROZEN' || text === 'FREEZING' ? text : 'THAWED';
}

function stateV2(directory: string): FreezeState {
  if (readFileSync(join(directory, 'cgroup.events'), 'utf8').includes('frozen 1')) return 'FROZEN';
  return readFileSync(join(directory, 'cgroup.freeze'), 'utf8').trim() === '1' ? 'FREEZING' : 'THAWED';
}

function thawTree(version: CgroupVersion, directory: string): void {
  for (const one of withChildren(directory)) quietly(() => cgroupAt(version, one).thaw());
}

function removeTree(version: CgroupVersion, directory: string): void {
  thawTree(version, directory);
  const all = withChildren(directory);
  // The kill is repeated, because a storm forks while its list is read, and a task that a freezer held dies a little later.
  const empty = blockUntil(() => all.every((one) => killIn(one) === 0 && isRemoved(one)), EMPTY_BOUND_MS);
  if (!empty) throw new Error(`${basename(directory)} still holds ${all.flatMap((one) => processesOf(one)).join(' ')}`);
}

/** Returns the directory and all cgroups below it, deepest first; an empty list when the directory is gone. */
function withChildren(directory: string): string[] {
  try {
    const inside = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...inside.flatMap((entry) => withChildren(join(directory, entry.name))), directory];
  } catch {
    return [];
  }
}

/** Sends SIGKILL to each process that is listed inside, by pid. Returns how many were listed. */
function killIn(directory: string): number {
  const pids = processesOf(directory);
  for (const pid of pids) if (pid > 1 && pid !== process.pid) quietly(() => process.kill(pid, 'SIGKILL'));
  return pids.length;
}

function isRemoved(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    // `instanceof` would fail: under Jest the errors of the file system belong to another realm.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function processesOf(directory: string): number[] {
  try {
    return numbers(join(directory, 'cgroup.procs'));
  } catch {
    return [];
  }
}

function numbers(path: string): number[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number);
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The directory is gone already, as wanted.
  }
}
