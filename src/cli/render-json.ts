/** JSON that is fit for a terminal: every value as it is, written in escapes where a terminal would act on it. Pure. */

/**
 * What must not reach a terminal raw: control, format (bidirectional overrides among them), private and unassigned
 * characters, and line separators. A newline stands only between the values, where JSON.stringify puts it.
 */
const UNSAFE_EACH = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu;

const LONE_SURROGATE = /\p{Cs}/gu;

/** The value as JSON, indented by two spaces, ending in a newline. */
export function renderJson(value: unknown): string {
  const text = JSON.stringify(value, wellFormed, 2);
  return `${escapeEach(text, escapeUtf16)}\n`;
}

/** Replaces each character that must not reach a terminal by what `escape` makes of it. */
export function escapeEach(text: string, escape: (character: string) => string): string {
  return text.replace(UNSAFE_EACH, escape);
}

/**
 * For JSON.stringify() and the like: half of a surrogate pair becomes U+FFFD. Readers that keep text as UTF-8, such as
 * kubectl, refuse or replace it.
 */
export function wellFormed(_: unknown, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(LONE_SURROGATE, '\ufffd') : value;
}

/** `\u` and so many digits of the code, in hexadecimal. */
export function hexEscape(prefix: '\\u' | '\\U', code: number, digits: 4 | 8): string {
  return `${prefix}${code.toString(16).padStart(digits, '0')}`;
}

/** RFC 8259, section 7: a character beyond U+FFFF is a pair of escapes. */
function escapeUtf16(character: string): string {
  return Array.from({ length: character.length }, (_, at) => hexEscape('\\u', character.charCodeAt(at), 4)).join('');
}
