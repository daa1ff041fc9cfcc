/**
 * Cuts the line `Groups:` out of a status file. Pure.
 *
 * A process may be in 65,536 groups (NGROUPS_MAX, limits.h), which makes its status 722 kB. Nothing of the line is reported, so
 * the line is not kept, and the tenant does not decide how much memory a capture takes.
 */
const NEWLINE = 10;
const GROUPS = Array.from('\nGroups:\t', (character) => character.charCodeAt(0));

/** Moves the bytes after the line forward over it, in place. Returns the length that is left. */
export function dropGroups(bytes: Uint8Array, length: number): number {
  const from = indexOf(bytes, length, GROUPS);
  if (from === -1) return length;
  const end = bytes.indexOf(NEWLINE, from + 1);
  if (end === -1 || end >= length) return length;
  bytes.copyWithin(from, end, length);
  return length - (end - from);
}

function indexOf(bytes: Uint8Array, length: number, wanted: readonly number[]): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0); at !== -1 && at + wanted.length <= length;) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
    at = bytes.indexOf(wanted[0] ?? 0, at + 1);
  }
  return -1;
}
