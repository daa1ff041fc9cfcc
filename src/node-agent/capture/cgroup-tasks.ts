/** Lists the tasks of a cgroup and of every cgroup below it. */
import { isGone } from '../../native/errno.js';
import type { KernelFiles } from '../../native/kernel.js';
import { parseTaskList } from '../pure/task-list.js';

/** Depth at which a nest of cgroups is no longer followed. The kernel's own default limit is far above what runtimes make. */
const MAX_DEPTH = 32;
const READ_BYTES = 64 << 10;

/** Where each hierarchy lists its threads; cgroup.procs would not do, as a threaded cgroup answers it with EOPNOTSUPP. */
export const TASK_FILE = { v1: 'tasks', v2: 'cgroup.threads' } as const;

/** One cgroup of the nest and the tids in it. */
export interface CgroupTasks {
  readonly directory: string;
  readonly tids: readonly number[];
}

/**
 * Lists what `file` names in every cgroup, the target first and parents before their children. A cgroup below that vanishes
 * while we look is not an error; the target itself is: -errno.
 */
export function listTasks(files: KernelFiles, directory: string, file: string): CgroupTasks[] | number {
  const found: CgroupTasks[] = [];
  const buffer = new Uint8Array(READ_BYTES);
  const pending = [{ directory, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const tids = readTids(files, `${next.directory}/${file}`, buffer);
    if (typeof tids === 'number') {
      if (next.depth === 0 || !isGone(tids)) return tids;
      continue;
    }
    found.push({ directory: next.directory, tids });
    const below = next.depth < MAX_DEPTH ? files.directories(next.directory) : [];
    if (typeof below === 'number') continue;
    for (const name of below) pending.push({ directory: `${next.directory}/${name}`, depth: next.depth + 1 });
  }
  return found;
}

/** Whether a file of one digit, such as freezer.self_freezing, says 1. False when it cannot be read. */
export function readFlag(files: KernelFiles, path: string): boolean {
  const text = new Uint8Array(8);
  return files.readInto(path, text) > 0 && text[0] === '1'.charCodeAt(0);
}

/** A list longer than the buffer arrives in pieces that may cut a number in two: the rest is carried over. */
function readTids(files: KernelFiles, path: string, buffer: Uint8Array): number[] | number {
  const fd = files.open(path, 'read');
  if (fd < 0) return fd;
  try {
    return readAllTids(files, fd, buffer);
  } finally {
    files.close(fd);
  }
}

function readAllTids(files: KernelFiles, fd: number, buffer: Uint8Array): number[] | number {
  const tids: number[] = [];
  let offset = 0;
  let carried = 0;
  for (;;) {
    const length = files.pread(fd, buffer.subarray(carried), offset);
    if (length < 0) return length;
    if (length === 0) return tids;
    offset += length;
    const total = carried + length;
    const end = buffer.lastIndexOf(0x0a, total - 1) + 1;
    parseTaskList(buffer, end, tids);
    buffer.copyWithin(0, end, total);
    carried = total - end;
  }
}
