import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Dying takes a while where memory has to be given back; a process that cannot die at all is a defect of the kernel. */
const EMPTY_BOUND_MS = 10_000;
const LOOK_MS = 5;

/** Makes a cgroup, and gives a v1 cpuset what its parent has: without, nothing can be moved into it (cpuset(7)). */
export function makeCgroup(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (!existsSync(join(directory, 'cpuset.memory_migrate'))) continue;
    writeFileSync(join(directory, file), readFileSync(join(directory, '..', file)));
  }
}

/**
 * Thaws and kills everything in these cgroups and below, and removes them. Missing ones are fine. Returns the
 * directories that could not be removed, with whoever is still inside.
 *
 * Thawing comes first and again each time round: a v1-frozen task does not even die of SIGKILL, and whoever froze it
 * may do so again until it is dead itself. Only members of these cgroups are killed, so nobody else can be hit.
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

/** The cgroups below these, deepest first, and themselves. Empty for what is gone. */
export function withChildren(directory: string): string[] {
  try {
    const inside = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...inside.flatMap((entry) => withChildren(join(directory, entry.name))), directory];
  } catch {
    return [];
  }
}

/** Processes directly inside, by their ids in the caller's pid namespace. */
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
    // Gone already, or not empty yet: the caller looks again.
  }
}
