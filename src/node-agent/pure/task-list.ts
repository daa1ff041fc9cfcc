/**
 * `tasks` (v1), `cgroup.threads` and `cgroup.procs` (v2) have one decimal id per line: cgroups(7). /proc/PID/task/TID/children
 * has a space after each id: proc_pid_task(5). Pure.
 *
 * The parser runs on the raw bytes while a pod stands still: 10,000 ids cost no string.
 */
const NEWLINE = 10;
const SPACE = 32;

/** Ids are C ints. */
const MAX_ID = 0x7fffffff;

/**
 * Appends the ids in the first `length` bytes to `into`, in their order. The ids are neither sorted nor unique, because v2
 * promises neither. v2 lists a task outside the reader's pid namespace as 0, and that 0 is kept. Text that is not a number is
 * left out. So is a last id that nothing follows, because half an id is the id of another task.
 */
export function parseTaskList(bytes: Uint8Array, length: number, into: number[]): void {
  const end = Math.min(length, bytes.length);
  let value = 0;
  let digits = 0;
  let damaged = false;
  for (let at = 0; at < end; at++) {
    const byte = bytes[at] ?? NEWLINE;
    if (byte === NEWLINE || byte === SPACE) {
      if (digits > 0 && !damaged) into.push(value);
      value = 0;
      digits = 0;
      damaged = false;
    } else if (byte >= 48 && byte <= 57) {
      value = value * 10 + byte - 48;
      digits++;
      if (value > MAX_ID) damaged = true;
    } else {
      damaged = true;
    }
  }
}
