/**
 * Making text of unknown origin fit for a terminal. Pure.
 *
 * A process chooses its own comm, exe path and command line, so all three are hostile: prctl(2) PR_SET_NAME takes any
 * bytes. An escape sequence that reached the terminal could move the cursor, rewrite what was printed or set the title.
 */

/**
 * What must not reach a terminal as it is: control, format (bidirectional overrides among them), surrogate, private
 * and unassigned characters; line separators; spaces that are not U+0020; characters without any glyph. The backslash
 * is among them so that what is printed can be read back in one way only.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\\]|(?! )\p{Zs}/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/** Characters that a terminal draws two columns wide: East Asian Wide and Fullwidth (Unicode TR 11), and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const COMBINING = /\p{M}/u;
const PLAIN_ASCII = /^[\x20-\x7e]*$/;

/** Replaces every character that is not fit for a terminal: `\n`, `\x1b`, `\u{202e}`, and `\\` for a backslash. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => NAMED[character] ?? escapeCharacter(character));
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code <= 0xff ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;
}

/** A value as it is named in a message: escaped, cut to 80 characters, in double quotes. */
export function quoteValue(text: string): string {
  // Cut before and after: an argument may be 128 KiB (execve(2), MAX_ARG_STRLEN), and escaping lengthens it.
  const escaped = escapeText(text.slice(0, 160)).replaceAll('"', '\\"');
  return `"${clip(escaped, 80)}"`;
}

/** Columns that escaped text takes on a terminal. */
export function displayWidth(text: string): number {
  if (PLAIN_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts text to so many columns; the last of them is `…` where something was cut. */
export function clip(text: string, columns: number): string {
  // Each character has at most two UTF-16 units and, but for combining marks, at least one column.
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
