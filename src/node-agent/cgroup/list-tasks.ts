/** Lists the tasks of a cgroup and of every cgroup below it, through the seam to the kernel. */
import type { KernelFiles } from '../../native/kernel.js';
import { parseTaskList } from '../pure/task-list.js';
import { walkNest, type CgroupTasks } from './nest.js';

/**
 * Size of a buffer for lists, in bytes: room for a page and for the start of an id. A list is a seq_file: one read returns at most a
 * page, however large the buffer is (fs/seq_file.c).
 */
export const LIST_BYTES = 8 << 10;

/**
 * The file in which each hierarchy lists its threads. cgroup.procs cannot be used: reading it in a threaded cgroup fails with
 * EOPNOTSUPP.
 */
export const TASK_FILE = { v1: 'tasks', v2: 'cgroup.threads' } as const;

/**
 * Lists the ids in `file` of every cgroup of the nest. See {@link walkNest} for the order and the failures. `buffer` has
 * {@link LIST_BYTES}; the caller keeps the buffer, because fresh memory would have to be faulted in during the pause.
 */
export function listTasks(
  files: KernelFiles,
  directory: string,
  file: string,
  buffer: Uint8Array,
  isOver?: () => boolean,
): CgroupTasks[] | number {
  const reader = {
    tids: (of: string): number[] | number => readTids(files, `${of}/${file}`, buffer),
    directories: (of: string) => files.directories(of),
  };
  return walkNest(reader, directory, isOver);
}

/** Reads all ids of a list: `tasks`, `cgroup.procs`, /proc/PID/task/TID/children. Returns -errno when the list cannot be read. */
export function readTids(files: KernelFiles, path: string, buffer: Uint8Array): number[] | number {
  const fd = files.open(path, 'read');
  if (fd < 0) return fd;
  try {
    return readAllTids(files, fd, buffer);
  } finally {
    files.close(fd);
  }
}

/**
 * A list longer than the buffer arrives in pieces, and a piece may end in the middle of a number. The unfinished digits are
 * carried over to the next piece.
 */
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
    const end = endOfIds(buffer, total);
    parseTaskList(buffer, end, tids);
    buffer.copyWithin(0, end, total);
    carried = total - end;
  }
}

/** Offset just after the last complete id. Each id is followed by a newline, in `children` by a space. */
function endOfIds(buffer: Uint8Array, length: number): number {
  let end = length;
  while (end > 0 && buffer[end - 1] !== 0x0a && buffer[end - 1] !== 0x20) end -= 1;
  return end;
}
