/** The length of a process's command line, from /proc/PID/stat (proc_pid_stat(5)). Pure. */
import { decimal } from './decimal.js';

/** Positions of the fields 48 (arg_start) and 49 (arg_end), counted from field 3, which follows the name. */
const ARG_START = 48 - 3;
const ARG_END = 49 - 3;

/**
 * The number of bytes from arg_start to arg_end, terminating NUL bytes included. It is 0 for a zombie, for a kernel
 * thread, and where the kernel hides the fields. A process can set both fields itself (prctl(2), PR_SET_MM), so that the
 * length may be any number.
 */
export function argLength(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = decimal(fields[ARG_START] ?? '');
  const end = decimal(fields[ARG_END] ?? '');
  return start > 0 && end > start ? end - start : 0;
}
