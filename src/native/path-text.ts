/**
 * A text form for paths, whose bytes may have any value. Pure.
 *
 * A file name of Linux is a sequence of bytes, and a cgroup's name may contain any byte except NUL, `/` and newline. In the text
 * form, a byte that is not part of valid UTF-8 becomes one lone surrogate, U+DC80 to U+DCFF: 0xff becomes `\udcff`. Python's
 * `surrogateescape` (PEP 383) does the same. pathText() and pathBytes() are inverse to each other, so that no two names look
 * alike and every listed name can be opened.
 */

/** This number plus a byte of 0x80 or more is the surrogate of that byte. */
const ESCAPE = 0xdc00;

/** Converts bytes to the text form; `bytes` has no NUL at its end. */
export function pathText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0))
        : String.fromCodePoint(codePoint(bytes, at, length));
    at += Math.max(1, length);
  }
  return text;
}

/** Converts the text form to bytes, without a NUL at their end. */
export function pathBytes(path: string): Uint8Array {
  if (!hasEscapes(path)) return new TextEncoder().encode(path);
  const bytes: number[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (isEscape(code)) bytes.push(code - ESCAPE);
    else bytes.push(...new TextEncoder().encode(character));
  }
  return Uint8Array.from(bytes);
}

/**
 * Whether a path may contain a byte that is not UTF-8. Also true for some characters beyond U+FFFF, whose second half is in the
 * same range.
 */
export function hasEscapes(path: string): boolean {
  return /[\udc80-\udcff]/.test(path);
}

/** A path for people and for JSON: a byte that is not UTF-8 is shown as `\xff`. The bytes cannot be recovered from this text. */
export function shownPath(path: string): string {
  if (!hasEscapes(path)) return path;
  return Array.from(path, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return isEscape(code) ? `\\x${(code - ESCAPE).toString(16)}` : character;
  }).join('');
}

function isEscape(code: number): boolean {
  return code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
}

/**
 * Length in bytes of the valid UTF-8 sequence that begins at `at`, or 0 when none begins there. A sequence is valid by RFC 3629:
 * not overlong, not a surrogate, and at most U+10FFFF, which limits the second byte after E0, ED, F0 and F4.
 */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next] ?? 0;
    if (byte < (next === 1 ? lowest : 0x80) || byte > (next === 1 ? highest : 0xbf)) return 0;
  }
  return length;
}

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  const lead = bytes[at] ?? 0;
  if (length === 1) return lead;
  let code = lead & (0x7f >> length);
  for (let next = 1; next < length; next++) code = (code << 6) | ((bytes[at + next] ?? 0) & 0x3f);
  return code;
}
