/** /proc/PID/stat and /proc/PID/task/TID/stat: proc_pid_stat(5). Pure. */
import { decimal } from './decimal.js';
import { cut, unreadable, type Parsed } from './parse-error.js';

const FILE = '/proc/PID/stat';

/**
 * Bits of {@link ProcStat.flags}: include/linux/sched.h. Every kernel prints the flags, but not every kernel prints `Kthread:` in
 * status.
 */
export const PF_KTHREAD = 0x00200000;
/** The task has begun to exit and will not return to user space. */
export const PF_EXITING = 0x00000004;

export interface ProcStat {
  readonly pid: number;
  /** Task name as it is. The kernel escapes nothing here, so the name may contain newlines and parentheses. */
  readonly comm: string;
  /** The state letter, as in /proc/PID/status. */
  readonly state: string;
  readonly ppid: number;
  /** The kernel's PF_* bits (field 9). */
  readonly flags: number;
  /** Number of threads of the process (field 20); a leader that has exited counts as long as others live. */
  readonly threads: number;
  /** Start time in clock ticks since boot (field 22). */
  readonly startTimeTicks: number;
}

/** Positions of the fields behind the name, which is field 2. */
const STATE = 3 - 3;
const PPID = 4 - 3;
const FLAGS = 9 - 3;
const THREADS = 20 - 3;
const START_TIME = 22 - 3;

/** Parses a stat file. The name reaches from the first `(` to the LAST `)`, because only the state letter and numbers follow it. */
export function parseStat(text: string): Parsed<ProcStat> {
  if (!text.endsWith('\n')) return cut(FILE, text);
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 2 || close < open || text.charAt(open - 1) !== ' ' || text.charAt(close + 1) !== ' ') {
    return unreadable(FILE, 1, text);
  }
  const fields = text.slice(close + 2, -1).split(' ');
  const state = fields[STATE] ?? '';
  const stat: ProcStat = {
    pid: decimal(text, 0, open - 1),
    comm: text.slice(open + 1, close),
    state,
    ppid: decimal(fields[PPID] ?? ''),
    flags: decimal(fields[FLAGS] ?? ''),
    threads: decimal(fields[THREADS] ?? ''),
    startTimeTicks: decimal(fields[START_TIME] ?? ''),
  };
  if (!/^[A-Za-z]$/.test(state) || Math.min(stat.pid, stat.ppid, stat.flags, stat.threads, stat.startTimeTicks) < 0) {
    return unreadable(FILE, 1, text);
  }
  return { ok: true, value: stat };
}
