import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How long emptying a cgroup may take. A process with much memory dies slowly; a process that cannot die at all is a
 * defect of the kernel.
 */
const EMPTY_BOUND_MS = 10_000;
const LOOK_MS = 5;

/**
 * Creates a cgroup, and copies the parent's settings of a v1 cpuset: without them no process can be moved into it
 * (cpuset(7)).
 */
export function makeCgroup(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (!existsSync(join(directory, 'cpuset.memory_migrate'))) continue;
    writeFileSync(join(directory, file), readFileSync(join(directory, '..', file)));
  }
}

/**
 * Thaws and kills everything in these cgroups and below, and removes the cgroups. Missing cgroups are accepted. Returns
 * the directories that could not be removed, with their remaining members.
 *
 * Each round thaws first, because a task in a frozen v1 cgroup does not die even of SIGKILL, and a process that is
 * still alive may freeze the cgroup again. Only members of these cgroups are killed, so no other process can be hit.
 */
export async function removeCgroups(directories: readonly string[]): Promise<string[]> {
  const end = performance.now() + EMPTY_BOUND_MS;
  for (;;) {
    const trees = directories.flatMap(withChildren);
    for (const one of trees) thaw(one);
    for (const one of trees) killIn(one);
    const left = trees.filter((one) => !isRemoved(one));
    if (left.length === 0) return [];
    if (performance.now() > end) return left.map((one) => `${one} (${membersOf(one).join(' ') || 'no process'})`);
    await sleep(LOOK_MS);
  }
}

/** Returns the cgroups below this one, deepest first, and the cgroup itself. Empty when it is gone. */
export function withChildren(directory: string): string[] {
  try {
    const inside = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...inside.flatMap((entry) => withChildren(join(directory, entry.name))), directory];
  } catch {
    return [];
  }
}

/** Returns the processes directly in the cgroup, by their pids in the caller's PID namespace. */
export function membersOf(directory: string): number[] {
  try {
    return readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function thaw(directory: string): void {
  for (const [file, open] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const) {
    const path = join(directory, file);
    quietly(() => existsSync(path) && writeFileSync(path, open));
  }
}

function killIn(directory: string): void {
  for (const pid of membersOf(directory))
    if (pid > 1 && pid !== process.pid) quietly(() => process.kill(pid, 'SIGKILL'));
}

function isRemoved(directory: string): boolean {
  quietly(() => rmdirSync(directory));
  return !existsSync(directory);
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The directory is gone already, or not empty yet. The caller looks again.
  }
}
