/** Lists the tasks of a cgroup and of every cgroup below it, through the seam to the kernel. */
import type { KernelFiles } from '../../native/kernel.js';
import { parseTaskList } from '../pure/task-list.js';
import { walkNest, type CgroupTasks } from './nest.js';

/** Bytes of a read. A list is a seq_file: one read returns at most a page of it, whatever the room (fs/seq_file.c). */
const READ_BYTES = 64 << 10;

/** Where each hierarchy lists its threads; cgroup.procs would not do, as a threaded cgroup answers it with EOPNOTSUPP. */
export const TASK_FILE = { v1: 'tasks', v2: 'cgroup.threads' } as const;

/** What `file` names in every cgroup of the nest; see {@link walkNest} for the order and the failures. */
export function listTasks(
  files: KernelFiles,
  directory: string,
  file: string,
  isOver?: () => boolean,
): CgroupTasks[] | number {
  const buffer = new Uint8Array(READ_BYTES);
  const reader = {
    tids: (of: string): number[] | number => readTids(files, `${of}/${file}`, buffer),
    directories: (of: string) => files.directories(of),
  };
  return walkNest(reader, directory, isOver);
}

/** The ids that a file lists, to its end: `tasks`, `cgroup.procs`, /proc/PID/task/TID/children. -errno when it cannot be read. */
export function readTids(
  files: KernelFiles,
  path: string,
  buffer: Uint8Array = new Uint8Array(READ_BYTES),
): number[] | number {
  const fd = files.open(path, 'read');
  if (fd < 0) return fd;
  try {
    return readAllTids(files, fd, buffer);
  } finally {
    files.close(fd);
  }
}

/** A list longer than the buffer arrives in pieces that may cut a number in two: the rest is carried over. */
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

/** Just after the last id that is whole: each id is followed by a newline, in `children` by a space. */
function endOfIds(buffer: Uint8Array, length: number): number {
  let end = length;
  while (end > 0 && buffer[end - 1] !== 0x0a && buffer[end - 1] !== 0x20) end -= 1;
  return end;
}
