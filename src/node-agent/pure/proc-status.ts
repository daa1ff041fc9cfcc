/**
 * /proc/PID/status and /proc/PID/task/TID/status: proc_pid_status(5). Pure.
 *
 * The text form is parsed after the pause, for every task. While a pod stands still, only the three fields of
 * `proc-status-bytes.ts` are read.
 */
import type { CapabilitySets, IdSet } from '../../api/podcapture.js';
import { decimal, decimals } from './decimal.js';
import { cut, missing, unreadable, type Parsed } from './parse-error.js';

export { stateOf, tgidOf, tracerPidOf } from './proc-status-bytes.js';

const FILE = '/proc/PID/status';

/** All ids are as the mount of procfs shows them: in its pid namespace, and in the reader's user namespace. */
export interface ProcStatus {
  /** Task name, with the kernel's escapes (`\n` and `\\`) undone. It may contain any byte except NUL. */
  readonly comm: string;
  /** The letter of `State:`, such as R, S, D, T, t, Z, X. */
  readonly state: string;
  readonly tgid: number;
  /** The task's own id, which is the id of its process only for the leader. */
  readonly pid: number;
  readonly ppid: number;
  /** 0: nobody traces the task. */
  readonly tracerPid: number;
  readonly uids: IdSet;
  readonly gids: IdSet;
  /** The process's id in each pid namespace, outermost first; `[tgid]` without CONFIG_PID_NS and before Linux 4.1. */
  readonly nsPids: readonly number[];
  /** The task's id in each of these namespaces; `[pid]` where the kernel does not print it. */
  readonly nsTids: readonly number[];
  /** Process group; 0 where `NSpgid` is not printed (as above), and for a group outside the pid namespace. */
  readonly pgid: number;
  /** Session; 0 as with {@link pgid}. */
  readonly sid: number;
  /** A set that the kernel does not print (ambient: before Linux 4.3) is all zeros. */
  readonly capabilities: CapabilitySets;
  /** False before Linux 4.10, which does not print it. */
  readonly noNewPrivileges: boolean;
  /** `Disabled` also where the kernel has no seccomp. */
  readonly seccomp: 'Disabled' | 'Strict' | 'Filter';
  /** Kernel thread; absent where the kernel does not print `Kthread:` (then see PF_KTHREAD in `proc-stat.ts`). */
  readonly kthread?: boolean;
}

/** The fields while they are being found. -1, '' and undefined mark a field that was not seen yet. */
interface Draft {
  comm: string | undefined;
  state: string;
  tgid: number;
  pid: number;
  ppid: number;
  tracerPid: number;
  uids: IdSet | undefined;
  gids: IdSet | undefined;
  nsPids: number[] | undefined;
  nsTids: number[] | undefined;
  pgid: number;
  sid: number;
  readonly capabilities: { -readonly [set in keyof CapabilitySets]: string };
  noNewPrivileges: boolean;
  seccomp: ProcStatus['seccomp'];
  kthread: boolean | undefined;
}

/** Takes the value in `text` from `from` to `to`. Returns false when the value does not have the documented form. */
type Field = (draft: Draft, text: string, from: number, to: number) => boolean;

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['Name', (draft, text, from, to) => ((draft.comm = unescapeComm(text.slice(from, to))), true)],
  ['State', takeState],
  ['Tgid', (draft, text, from, to) => (draft.tgid = decimal(text, from, to)) !== -1],
  ['Pid', (draft, text, from, to) => (draft.pid = decimal(text, from, to)) !== -1],
  ['PPid', (draft, text, from, to) => (draft.ppid = decimal(text, from, to)) !== -1],
  ['TracerPid', (draft, text, from, to) => (draft.tracerPid = decimal(text, from, to)) !== -1],
  ['Uid', (draft, text, from, to) => (draft.uids = idSet(text, from, to)) !== undefined],
  ['Gid', (draft, text, from, to) => (draft.gids = idSet(text, from, to)) !== undefined],
  ['NStgid', (draft, text, from, to) => (draft.nsPids = decimals(text, '\t', from, to)) !== undefined],
  ['NSpid', (draft, text, from, to) => (draft.nsTids = decimals(text, '\t', from, to)) !== undefined],
  ['NSpgid', (draft, text, from, to) => (draft.pgid = firstDecimal(text, from, to)) !== -1],
  ['NSsid', (draft, text, from, to) => (draft.sid = firstDecimal(text, from, to)) !== -1],
  ['CapInh', capability('inheritable')],
  ['CapPrm', capability('permitted')],
  ['CapEff', capability('effective')],
  ['CapBnd', capability('bounding')],
  ['CapAmb', capability('ambient')],
  ['NoNewPrivs', takeNoNewPrivileges],
  ['Seccomp', takeSeccomp],
  ['Kthread', takeKthread],
]);

/** First letters of the names above. By them, half of the file's sixty lines are skipped without being cut out. */
const FIRST_LETTERS: ReadonlySet<number> = new Set([...FIELDS.keys()].map((name) => name.charCodeAt(0)));

/** Parses the whole text of a status file, in one pass over its lines. */
export function parseStatus(text: string): Parsed<ProcStatus> {
  const draft = readLines(text);
  return draft.ok ? complete(draft.value) : draft;
}

/** The values that each thread has on its own (credentials(7): they belong to the thread). */
export type Credentials = Pick<ProcStatus, 'uids' | 'gids' | 'capabilities' | 'noNewPrivileges' | 'seccomp'>;

/** Parses the lines of a status file that a `StatusDigest` keeps. Undefined when they are damaged. */
export function parseCredentials(lines: string): Credentials | undefined {
  const draft = readLines(lines);
  if (!draft.ok) return undefined;
  const { uids, gids, capabilities, noNewPrivileges, seccomp } = draft.value;
  return uids === undefined || gids === undefined ? undefined : { uids, gids, capabilities, noNewPrivileges, seccomp };
}

function readLines(text: string): Parsed<Draft> {
  if (!text.endsWith('\n')) return cut(FILE, text);
  const draft = emptyDraft();
  for (let start = 0, line = 1; start < text.length; line++) {
    const end = text.indexOf('\n', start);
    if (FIRST_LETTERS.has(text.charCodeAt(start))) {
      const content = text.slice(start, end);
      const tab = content.indexOf(':\t');
      const field = tab === -1 ? undefined : FIELDS.get(content.slice(0, tab));
      if (field !== undefined && !field(draft, content, tab + 2, content.length))
        return unreadable(FILE, line, content);
    }
    start = end + 1;
  }
  return { ok: true, value: draft };
}

function complete(draft: Draft): Parsed<ProcStatus> {
  const { comm, uids, gids, nsPids, nsTids, kthread, ...rest } = draft;
  if (comm === undefined) return missing(FILE, 'Name');
  if (draft.state === '') return missing(FILE, 'State');
  if (draft.tgid === -1) return missing(FILE, 'Tgid');
  if (draft.pid === -1) return missing(FILE, 'Pid');
  if (draft.ppid === -1) return missing(FILE, 'PPid');
  if (draft.tracerPid === -1) return missing(FILE, 'TracerPid');
  if (uids === undefined) return missing(FILE, 'Uid');
  if (gids === undefined) return missing(FILE, 'Gid');
  const value = { ...rest, comm, uids, gids, nsPids: nsPids ?? [draft.tgid], nsTids: nsTids ?? [draft.pid] };
  return { ok: true, value: kthread === undefined ? value : { ...value, kthread } };
}

function emptyDraft(): Draft {
  const none = '0000000000000000';
  return {
    comm: undefined,
    state: '',
    tgid: -1,
    pid: -1,
    ppid: -1,
    tracerPid: -1,
    uids: undefined,
    gids: undefined,
    nsPids: undefined,
    nsTids: undefined,
    pgid: 0,
    sid: 0,
    capabilities: { inheritable: none, permitted: none, effective: none, bounding: none, ambient: none },
    noNewPrivileges: false,
    seccomp: 'Disabled',
    kthread: undefined,
  };
}

/** Undoes the kernel's escapes in `Name:`, which keep a name from forging a line. The kernel escapes newline and backslash, no more. */
export function unescapeComm(escaped: string): string {
  if (!escaped.includes('\\')) return escaped;
  return escaped.replace(/\\([n\\])/g, (_, character: string) => (character === 'n' ? '\n' : '\\'));
}

function takeState(draft: Draft, text: string, from: number, to: number): boolean {
  const letter = text.charAt(from);
  if (to <= from || !/^[A-Za-z]$/.test(letter) || (to > from + 1 && text.charAt(from + 1) !== ' ')) return false;
  draft.state = letter;
  return true;
}

function idSet(text: string, from: number, to: number): IdSet | undefined {
  const [real, effective, saved, filesystem, more] = decimals(text, '\t', from, to) ?? [];
  if (real === undefined || effective === undefined || saved === undefined) return undefined;
  if (filesystem === undefined || more !== undefined) return undefined;
  return { real, effective, saved, filesystem };
}

function firstDecimal(text: string, from: number, to: number): number {
  return decimals(text, '\t', from, to)?.[0] ?? -1;
}

function capability(set: keyof CapabilitySets): Field {
  return (draft, text, from, to) => {
    const mask = text.slice(from, to);
    if (!/^[0-9a-f]{16}$/.test(mask)) return false;
    draft.capabilities[set] = mask;
    return true;
  };
}

function takeNoNewPrivileges(draft: Draft, text: string, from: number, to: number): boolean {
  const value = decimal(text, from, to);
  draft.noNewPrivileges = value === 1;
  return value === 0 || value === 1;
}

/**
 * 0, 1 and 2 are documented. A kernel prints 3 for a thread that its filter is killing at this moment (SECCOMP_MODE_DEAD in
 * kernel/seccomp.c), so the thread was under a filter.
 */
function takeSeccomp(draft: Draft, text: string, from: number, to: number): boolean {
  const mode = decimal(text, from, to);
  draft.seccomp = mode === 0 ? 'Disabled' : mode === 1 ? 'Strict' : 'Filter';
  return mode >= 0 && mode <= 3;
}

function takeKthread(draft: Draft, text: string, from: number, to: number): boolean {
  const value = decimal(text, from, to);
  draft.kthread = value === 1;
  return value === 0 || value === 1;
}
