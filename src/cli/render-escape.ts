/**
 * Escapes text of unknown origin for a terminal. Pure.
 *
 * A process chooses its own comm, exe path and command line, so all three may be hostile; prctl(2) PR_SET_NAME, for
 * instance, takes any bytes. An escape sequence that reached the terminal could move the cursor, overwrite printed text
 * or set the title.
 */

/**
 * The characters that must not reach a terminal unescaped: control characters, format characters (bidirectional
 * overrides among them), surrogates, private and unassigned characters, line and paragraph separators, spaces other
 * than U+0020, and characters without a glyph. The backslash is escaped, too, so that no two texts look the same once
 * escaped.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\\]|(?! )\p{Zs}/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/** Characters that a terminal draws two columns wide: East Asian Wide and Fullwidth ones (Unicode TR 11), and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const COMBINING = /\p{M}/u;
const PLAIN_ASCII = /^[\x20-\x7e]*$/;

/** Replaces every unsafe character by an escape such as `\n`, `\x1b` or `\u{202e}`, and a backslash by `\\`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => NAMED[character] ?? escapeCharacter(character));
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code <= 0xff ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;
}

/**
 * Escapes everything but backslashes, for messages that quote values: these are escaped already, and their backslashes must not be
 * escaped again.
 */
export function escapeMessage(text: string): string {
  return text.split('\\').map(escapeText).join('\\');
}

/** Quotes a value for a message: escaped, cut to 80 columns, in double quotes. */
export function quoteValue(text: string): string {
  // The value is cut before it is escaped, because an argument may have 128 KiB (MAX_ARG_STRLEN, execve(2)), and again
  // afterwards, because escaping lengthens it.
  const escaped = escapeText(text.slice(0, 160)).replaceAll('"', '\\"');
  return `"${clip(escaped, 80)}"`;
}

/** Number of columns that escaped text takes on a terminal. */
export function displayWidth(text: string): number {
  if (PLAIN_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts text to the given number of columns. The last column is `…` if anything was cut. */
export function clip(text: string, columns: number): string {
  // Plain ASCII has one column per UTF-16 unit, so text that is short enough needs no closer look.
  if (text.length <= columns && PLAIN_ASCII.test(text)) return text;
  let width = 0;
  let kept = '';
  let shorter = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) return columns < 1 ? '' : `${shorter}…`;
    kept += character;
    if (width < columns) shorter = kept;
  }
  return kept;
}

function characterWidth(character: string): number {
  if (PLAIN_ASCII.test(character)) return 1;
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
