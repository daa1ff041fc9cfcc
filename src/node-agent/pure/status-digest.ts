/**
 * The parts of /proc/TID/status by which two looks at a task are compared: proc_pid_status(5). Pure.
 *
 * Every thread is read before the freeze and after the release, so the digest is small, and a caller can intern the texts so that
 * equal ones are stored once. A name cannot forge a line: the kernel prints a newline in `Name:` as `\n`.
 */
import { unescapeComm } from './proc-status.js';

export interface StatusDigest {
  readonly tgid: number;
  /** The letter of `State:`. */
  readonly state: string;
  readonly comm: string;
  /** The lines Uid, Gid, CapInh to CapAmb, NoNewPrivs and Seccomp; `parseCredentials` reads them. */
  readonly credentials: string;
  /** Stop signals that are pending for this thread alone, as bits of {@link STOP_SIGNAL_BITS}. */
  readonly pendingStops: number;
  /** The same for the whole process. */
  readonly sharedPendingStops: number;
  /** `Kthread: 1`. Always false before Linux 6.11, which prints no such line. */
  readonly kernelThread: boolean;
  /** The task has an address space. Kernel threads have none, and tasks that exit have given theirs up. */
  readonly hasMemory: boolean;
  /** The process writes a core file now (Linux 4.15). */
  readonly coreDumping: boolean;
}

/** SIGSTOP, SIGTSTP, SIGTTIN and SIGTTOU, 19 to 22 on x86-64 and arm64 (signal(7)): signal n is bit n - 1 of a mask. */
export const STOP_SIGNAL_BITS = 0xf << 18;

/** Makes the digest of a whole status file. Undefined when the text is cut or is no status file. */
export function digestStatus(bytes: Uint8Array): StatusDigest | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('latin1');
  if (!text.startsWith('Name:\t') || !text.endsWith('\n')) return undefined;
  const tgid = Number(valueOf(text, 'Tgid'));
  const ids = span(text, '\nUid:\t', '\nFDSize:');
  const privileges = span(text, '\nCapInh:\t', '\nSeccomp:\t');
  if (!Number.isInteger(tgid) || tgid <= 0 || ids === undefined || privileges === undefined) return undefined;
  const endOfSeccomp = text.indexOf('\n', privileges.to + 1) + 1;
  return {
    tgid,
    state: valueOf(text, 'State')?.charAt(0) ?? '',
    comm: unescapeComm(buffer.toString('utf8', 'Name:\t'.length, text.indexOf('\n'))),
    // The lines are cut from the bytes, because a slice of the text would keep the whole text alive.
    credentials:
      buffer.toString('latin1', ids.from, ids.to + 1) + buffer.toString('latin1', privileges.from, endOfSeccomp),
    pendingStops: stopsIn(valueOf(text, 'SigPnd')),
    sharedPendingStops: stopsIn(valueOf(text, 'ShdPnd')),
    kernelThread: valueOf(text, 'Kthread') === '1',
    hasMemory: text.includes('\nVmSize:\t'),
    coreDumping: valueOf(text, 'CoreDumping') === '1',
  };
}

/** Whether two looks saw the same name, credentials and pending stop signals of the same process. */
export function agree(one: StatusDigest, other: StatusDigest): boolean {
  return (
    one.tgid === other.tgid &&
    one.comm === other.comm &&
    one.credentials === other.credentials &&
    one.pendingStops === other.pendingStops
  );
}

function valueOf(text: string, name: string): string | undefined {
  const key = `\n${name}:\t`;
  const at = text.indexOf(key);
  return at === -1 ? undefined : text.slice(at + key.length, text.indexOf('\n', at + 1));
}

/** The range from the first character of the line that begins with `first` to the newline before `end`. */
function span(text: string, first: string, end: string): { readonly from: number; readonly to: number } | undefined {
  const from = text.indexOf(first);
  const to = from === -1 ? -1 : text.indexOf(end, from);
  return to === -1 ? undefined : { from: from + 1, to };
}

/** The mask has 16 hexadecimal digits; the signals that stop are in the lower half. */
function stopsIn(mask: string | undefined): number {
  return mask === undefined ? 0 : Number.parseInt(mask.slice(8), 16) & STOP_SIGNAL_BITS;
}
