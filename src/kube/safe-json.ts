/**
 * Keeps what a terminal would act on out of JSON. A process chooses its own names, and JSON.stringify() escapes only some
 * of the characters that matter: CSI as one character (U+009B), DEL and bidirectional overrides stay raw. Pure.
 */

/**
 * Characters that must not reach a terminal raw: control and format characters (bidirectional overrides among them),
 * private and unassigned characters, and line separators. Newlines stay, because JSON.stringify() puts them only between
 * the values.
 */
const UNSAFE_EACH = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu;

/** Most text is of this kind, and needs no closer look. */
const PLAIN = /^[\n\x20-\x7e]*$/;

/** Replaces each character that must not reach a terminal by the result of `escape`. */
export function escapeEach(text: string, escape: (character: string) => string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE_EACH, escape);
}

/** Escapes JSON text. What a parser reads is the same: outside of texts JSON has no such character. */
export function escapeJson(json: string): string {
  return escapeEach(json, escapeUtf16);
}

/** The prefix, and the code in so many hexadecimal digits. */
export function hexEscape(prefix: '\\u' | '\\U', code: number, digits: 4 | 8): string {
  return `${prefix}${code.toString(16).padStart(digits, '0')}`;
}

/** RFC 8259, section 7: a character beyond U+FFFF is a pair of escapes. */
function escapeUtf16(character: string): string {
  return Array.from({ length: character.length }, (_, at) => hexEscape('\\u', character.charCodeAt(at), 4)).join('');
}
