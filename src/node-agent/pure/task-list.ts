/**
 * `tasks` (v1), `cgroup.threads` and `cgroup.procs` (v2): a decimal id a line, cgroups(7); and /proc/PID/task/TID/children: a
 * space after each id, proc_pid_task(5). Pure.
 *
 * Run on the raw bytes while a pod stands still: 10,000 ids cost no string.
 */
const NEWLINE = 10;
const SPACE = 32;

/** Ids are C ints. */
const MAX_ID = 0x7fffffff;

/**
 * Appends the ids in the first `length` bytes to `into`, in their order. Neither sorted nor unique: v2 promises
 * neither. A task outside the reader's pid namespace is listed as 0 by v2, and kept. What is not a number is left
 * out; so is a last id that nothing follows, because half an id is somebody else's id.
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
