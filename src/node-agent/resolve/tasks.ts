/** Who is in a cgroup and below it, before it is touched. */
import { parseTaskList } from '../pure/task-list.js';
import { isGoneCode, listDirectories, readBytes } from './files.js';
import { shown } from './request.js';

export type CgroupVersion = 'v1' | 'v2';

/**
 * Deepest nest of cgroups below a target. It must not be more than the capture itself follows (cgroup-tasks.ts): a
 * task that nobody lists is a task that runs on through the capture.
 */
export const MAX_NEST = 32;

/** Looks that {@link coversTasks} takes before it believes that a task is missing. */
const LOOKS = 3;

/** The tids, or why they cannot be told; `gone`: the cgroup has been removed. */
export type Tasks =
  | { readonly ok: true; readonly value: ReadonlySet<number> }
  | { readonly ok: false; readonly gone: boolean; readonly message: string };

/**
 * Tids of the cgroup and of all cgroups below it. v2 is read by `cgroup.threads`: a threaded cgroup answers
 * EOPNOTSUPP to `cgroup.procs`. A cgroup that vanishes below the target is not an error; the target itself is.
 */
export function subtreeTasks(directory: string, version: CgroupVersion): Tasks {
  const file = version === 'v1' ? 'tasks' : 'cgroup.threads';
  const tids: number[] = [];
  const pending = [{ path: directory, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const list = readBytes(`${next.path}/${file}`);
    const below = list.ok ? listDirectories(next.path) : list;
    if (!list.ok || !below.ok) {
      const code = list.ok ? (below.ok ? '' : below.code) : list.code;
      if (next.depth > 0 && isGoneCode(code)) continue;
      return { ok: false, gone: isGoneCode(code), message: `cannot read ${shown(`${next.path}/${file}`)}: ${code}` };
    }
    parseTaskList(list.value, list.value.length, tids);
    if (below.value.length > 0 && next.depth === MAX_NEST) {
      const message = `cgroup ${shown(directory)} has cgroups nested more than ${MAX_NEST} deep below it`;
      return { ok: false, gone: false, message };
    }
    for (const name of below.value) pending.push({ path: `${next.path}/${name}`, depth: next.depth + 1 });
  }
  return { ok: true, value: new Set(tids) };
}

/**
 * Whether the v2 cgroup holds every task that the v1 cgroup holds, so that freezing it holds them all.
 *
 * The two lists cannot be read at one instant: v1 is read first, so a task born in between only makes v2 larger, and
 * one that died in between is missing once. Only a task that is missing at each of {@link LOOKS} looks is.
 */
export function coversTasks(v2Directory: string, v1Directory: string): boolean {
  let absent: ReadonlySet<number> | undefined;
  for (let look = 0; look < LOOKS; look++) {
    const v1 = subtreeTasks(v1Directory, 'v1');
    const v2 = subtreeTasks(v2Directory, 'v2');
    if (!v1.ok || !v2.ok) return false;
    const before = absent;
    absent = new Set([...v1.value].filter((tid) => !v2.value.has(tid) && (before?.has(tid) ?? true)));
    if (absent.size === 0) return true;
  }
  return false;
}
