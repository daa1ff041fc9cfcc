/**
 * Start time and namespaces of a process are read twice, before the freeze and after the release, and not in between: eight
 * links cost 35 µs a process warm and 60 cold, which would double the pause of a pod of many processes.
 *
 * A process changes its namespaces only by running (setns(2), unshare(2)), and its start time never. So what both looks
 * agree on is what was true while it stood still. What they do not agree on is not reported.
 */
import type { KernelFiles } from '../../native/kernel.js';
import type { RawArena } from './raw-arena.js';

/** Of namespaces(7), those that a task is in; the `_for_children` ones say what comes later. */
export const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;

/**
 * Reads stat and namespace links of process `pid` into records of `kind` and the kinds after it. `tid` is a thread of it that has
 * not exited. stat is read by the thread's path, which does not add up the times of all threads (718 µs at 10,000).
 */
export function readBracket(
  files: KernelFiles,
  proc: string,
  arena: RawArena,
  kind: number,
  pid: number,
  tid: number,
): void {
  arena.add(kind, pid, (into) => files.readInto(`${proc}/${pid}/task/${pid}/stat`, into));
  for (const [index, name] of NAMESPACES.entries()) {
    arena.add(kind + 1 + index, pid, (into) => files.readlinkInto(`${proc}/${tid}/ns/${name}`, into));
  }
}
