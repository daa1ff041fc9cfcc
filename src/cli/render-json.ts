/** Formats JSON for a terminal: every value is kept, and characters that a terminal would act on are escaped. Pure. */

/**
 * Characters that must not reach a terminal raw: control and format characters (bidirectional overrides among them),
 * private and unassigned characters, and line separators. Newlines stay, because JSON.stringify puts them only between
 * the values.
 */
const UNSAFE_EACH = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu;

const LONE_SURROGATE = /\p{Cs}/gu;

/** The value as JSON, indented by two spaces, ending in a newline. */
export function renderJson(value: unknown): string {
  const text = JSON.stringify(value, wellFormed, 2);
  return `${escapeEach(text, escapeUtf16)}\n`;
}

/** Replaces each character that must not reach a terminal by the result of `escape`. */
export function escapeEach(text: string, escape: (character: string) => string): string {
  return text.replace(UNSAFE_EACH, escape);
}

/**
 * A replacer for JSON.stringify(): half of a surrogate pair becomes U+FFFD. Readers that keep text as UTF-8, such as
 * kubectl, refuse or replace such a half.
 */
export function wellFormed(_: unknown, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(LONE_SURROGATE, '\ufffd') : value;
}

/** The prefix, and the code in so many hexadecimal digits. */
export function hexEscape(prefix: '\\u' | '\\U', code: number, digits: 4 | 8): string {
  return `${prefix}${code.toString(16).padStart(digits, '0')}`;
}

/** RFC 8259, section 7: a character beyond U+FFFF is a pair of escapes. */
function escapeUtf16(character: string): string {
  return Array.from({ length: character.length }, (_, at) => hexEscape('\\u', character.charCodeAt(at), 4)).join('');
}
