/** Lists the tasks in a cgroup and below it, before the cgroup is touched. */
import { isGone } from '../../native/errno.js';
import { errnoName } from '../../native/syscall-error.js';
import { listDirectories, readIds } from '../cgroup/files.js';
import { TASK_FILE } from '../cgroup/list-tasks.js';
import { walkNest, type NestReader } from '../cgroup/nest.js';
import type { CgroupVersion } from '../pure/container-target.js';
import { shown } from './request.js';

/** Number of looks that {@link coversTasks} takes before it believes that a task is missing. */
const LOOKS = 3;

/** The tids, or the reason why they cannot be listed. `gone`: the cgroup has been removed. */
export type Tasks =
  | { readonly ok: true; readonly value: ReadonlySet<number> }
  | { readonly ok: false; readonly gone: boolean; readonly message: string };

/** Tids of the cgroup and of all cgroups below it, with the error policy of {@link walkNest}. */
export function subtreeTasks(directory: string, version: CgroupVersion): Tasks {
  const cgroups = walkNest(READER[version], directory);
  if (typeof cgroups !== 'number') return { ok: true, value: new Set(cgroups.flatMap(({ tids }) => tids)) };
  return {
    ok: false,
    gone: isGone(cgroups),
    message: `cannot list the tasks in and below ${shown(directory)}: ${errnoName(cgroups)}`,
  };
}

const READER = { v1: readerOf('v1'), v2: readerOf('v2') };

function readerOf(version: CgroupVersion): NestReader {
  return {
    tids: (directory) => readIds(`${directory}/${TASK_FILE[version]}`),
    directories: (directory) => {
      const names = listDirectories(directory);
      return names.ok ? names.value : -names.errno;
    },
  };
}

/**
 * Whether the v2 cgroup holds every task that the v1 cgroup holds, so that freezing the v2 cgroup holds them all.
 *
 * The two lists cannot be read at one instant. v1 is read first, so a task that is born in between only makes v2 larger, and a
 * task that dies in between is missing in one look only. A task counts as missing only if it is missing in each of the {@link
 * LOOKS} looks.
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
