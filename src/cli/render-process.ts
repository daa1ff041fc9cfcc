/** Renders one process for people. Pure. */
import type { IdSet, PrintedRow, ThreadRow } from '../api/podcapture.js';
import { span } from './render-line.js';
import type { Span } from './render-line.js';

/** Number of thread groups that are named. A Java process easily has forty names. */
const MAX_THREAD_GROUPS = 4;

/** Length at which a command line is cut, in UTF-16 units. Its start tells what the process is, and `-o json` has the whole line. */
const MAX_CMDLINE = 80;

const SEPARATOR = span('  ');

/** Renders the name of a process and its notable facts: state, threads with names of their own, exe, command line. */
export function describeProcess(row: PrintedRow): Span[] {
  const threads = summarizeThreads(row);
  const parts: Span[] = [
    span(quoteOdd(row.comm), 'bold'),
    ...notableState(row),
    ...(row.leaderDead === true ? [span('leader dead', 'yellow')] : []),
    ...notableThreads(row),
    ...(threads === '' ? [] : [span(threads)]),
    ...(row.exe === undefined ? [] : [span(row.exe, 'dim')]),
    ...(row.cmdline === undefined ? [] : [span(startOfCmdline(row.cmdline))]),
    ...missingOfCmdline(row),
  ];
  return parts.flatMap((part, index) => (index === 0 ? [part] : [SEPARATOR, part]));
}

/** Renders a process that is shown only because of what is below it. */
export function describeAncestor({ comm }: PrintedRow): Span[] {
  return [span(`(${quoteOdd(comm)})`, 'dim')];
}

/**
 * The user that a process acts as; with a set-user-ID program also the user that it belongs to, as `1000→0`. In parentheses, the
 * same as the container sees it, where the process has a user namespace of its own: `838860800 (0)`.
 */
export function describeUid({ uids, containerUids }: PrintedRow): string {
  return containerUids === undefined ? users(uids) : `${users(uids)} (${users(containerUids)})`;
}

function users({ real, effective }: IdSet): string {
  return real === effective ? String(effective) : `${real}→${effective}`;
}

function notableState({ state, stopSignal }: PrintedRow): Span[] {
  if (state === 'Alive') return [];
  if (state === 'Zombie') return [span('zombie', 'yellow')];
  // A newer node agent may know states that this version does not.
  if (state !== 'Stopped') return [span(String(state).toLowerCase(), 'yellow')];
  return [span(stopSignal === undefined ? 'stopped' : `stopped by ${stopSignal}`, 'yellow')];
}

/** Renders the values in which threads differ from their leader. A reader who looks at the leader alone would miss them. */
function notableThreads({ threads, pendingStopSignals: pending = [] }: PrintedRow): Span[] {
  const different = threads.filter(({ uids, gids, capabilities, noNewPrivileges, seccomp }) =>
    [uids, gids, capabilities, noNewPrivileges, seccomp].some((own) => own !== undefined),
  ).length;
  return [
    ...(pending.length === 0 ? [] : [span(`${pending.join(', ')} pending`, 'yellow')]),
    ...(different === 0
      ? []
      : [span(`credentials of its own in ${different} thread${different === 1 ? '' : 's'}`, 'yellow')]),
  ];
}

/**
 * The threads whose name is not that of their process, by name: `{worker ×8} {gc}`, the largest groups first. Empty
 * when there are none.
 */
export function summarizeThreads(row: Pick<PrintedRow, 'pid' | 'comm' | 'threads'>): string {
  const groups = [...countByName(row)].sort(([, one], [, other]) => other - one);
  const shown = groups.slice(0, MAX_THREAD_GROUPS).map(([comm, count]) => {
    const name = quoteOdd(comm);
    return count === 1 ? `{${name}}` : `{${name} ×${count}}`;
  });
  const rest = groups.slice(MAX_THREAD_GROUPS).reduce((sum, [, count]) => sum + count, 0);
  return [...shown, ...(rest === 0 ? [] : [`{+${rest} more}`])].join(' ');
}

function countByName(row: Pick<PrintedRow, 'pid' | 'comm' | 'threads'>): Map<string, number> {
  const counts = new Map<string, number>();
  const isOther = (thread: ThreadRow): boolean => thread.tid !== row.pid && thread.comm !== row.comm;
  for (const { comm } of row.threads.filter(isOther)) counts.set(comm, (counts.get(comm) ?? 0) + 1);
  return counts;
}

function startOfCmdline(words: readonly string[]): string {
  let text = '';
  for (const word of words) {
    // One character more than is shown tells that something was cut.
    text += `${text === '' ? '' : ' '}${quoteWord(word.slice(0, MAX_CMDLINE + 1))}`;
    if (text.length > MAX_CMDLINE) return `${text.slice(0, MAX_CMDLINE - 1)}…`;
  }
  return text;
}

/** Renders marks for a command line that the object has only in part, or not at all. */
function missingOfCmdline({ cmdlineCut: cut, cmdlineUnread: why, cmdlineBase64: base64 }: PrintedRow): Span[] {
  return [
    ...(cut === undefined ? [] : [span(`(${cut.keptBytes} of ${cut.lengthBytes} bytes)`, 'yellow')]),
    ...(base64 === undefined ? [] : [span('(not UTF-8)', 'yellow')]),
    ...(why === undefined ? [] : [span(`(command line not read: ${why})`, 'yellow')]),
  ];
}

export function quoteWord(word: string): string {
  return /^[^\s'"{}()]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Quotes a name that could be mistaken for something else in the row: empty, blank at either end, or with the two
 * spaces that separate the parts (`sh  zombie`).
 */
export function quoteOdd(name: string): string {
  return /^$|^\s|\s$|\s\s|[{}×]/u.test(name) ? `'${name}'` : name;
}
