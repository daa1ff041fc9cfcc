/**
 * Reads single fields of /proc/PID/status straight from the bytes: proc_pid_status(5). Pure.
 *
 * This runs for each task while a pod stands still, so no text is decoded and nothing is allocated. A name cannot forge a field,
 * because the kernel prints a newline in `Name:` as `\n`: the byte 10 only ever ends a line.
 */
const NEWLINE = 10;
const TAB = 9;

const TGID = codesOf('Tgid:\t');
const TRACER_PID = codesOf('TracerPid:\t');
const STATE = codesOf('State:\t');

function codesOf(ascii: string): readonly number[] {
  return Array.from(ascii, (character) => character.charCodeAt(0));
}

/** `Tgid` in the first `length` bytes; -1 when the field is missing or cut. */
export function tgidOf(bytes: Uint8Array, length: number): number {
  return numberAt(bytes, length, valueOf(bytes, length, TGID));
}

/** `TracerPid` in the first `length` bytes: 0 for no tracer; -1 when the field is missing or cut. */
export function tracerPidOf(bytes: Uint8Array, length: number): number {
  return numberAt(bytes, length, valueOf(bytes, length, TRACER_PID));
}

/** Character code of the letter of `State`; -1 when the field is missing. */
export function stateOf(bytes: Uint8Array, length: number): number {
  const at = valueOf(bytes, length, STATE);
  if (at === -1 || at >= length) return -1;
  const letter = bytes[at] ?? NEWLINE;
  return letter === NEWLINE || letter === TAB ? -1 : letter;
}

/** Offset just after `name` where it starts a line; -1 when no line does. */
function valueOf(bytes: Uint8Array, length: number, name: readonly number[]): number {
  const end = Math.min(length, bytes.length);
  for (let start = 0; start < end;) {
    let matched = 0;
    while (matched < name.length && start + matched < end && bytes[start + matched] === name[matched]) matched++;
    if (matched === name.length) return start + matched;
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline === -1) return -1;
    start = newline + 1;
  }
  return -1;
}

/** The number from `from` to the end of the line. A number without its newline may be half of another number, and gives -1. */
function numberAt(bytes: Uint8Array, length: number, from: number): number {
  if (from === -1) return -1;
  const end = Math.min(length, bytes.length);
  let value = 0;
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === NEWLINE) return at === from ? -1 : value;
    // Ids are C ints, so a larger number is damage.
    if (byte < 48 || byte > 57 || value > 0x7fffffff) return -1;
    value = value * 10 + byte - 48;
  }
  return -1;
}
