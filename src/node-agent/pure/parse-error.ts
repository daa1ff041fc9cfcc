/**
 * The answers of the parsers of kernel files. Pure.
 *
 * A file of /proc or cgroupfs that cannot be read is a fact about one task or one cgroup, not an exception: the caller decides
 * whether the task is gone, the kernel is unknown, or the capture fails.
 */

/** The place where a kernel file departs from its documented form. */
export interface ParseError {
  /** The kind of file, such as `/proc/PID/status`. */
  readonly file: string;
  /** Line number from 1; 0 when `text` names something that the whole file lacks. */
  readonly line: number;
  /** The offending text, at most {@link MAX_TEXT} characters, safe to print. With `line` 0, the name of the missing thing. */
  readonly text: string;
}

/** A value, or the place that could not be read. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ParseError };

/** Longest {@link ParseError.text}: enough to recognise a line of /proc, short enough for one line of a log. */
export const MAX_TEXT = 80;

/** The answer for a line that cannot be read. */
export function unreadable(
  file: string,
  line: number,
  text: string,
): { readonly ok: false; readonly error: ParseError } {
  return { ok: false, error: { file, line, text: printable(text) } };
}

/** The answer for a file that lacks `what`. */
export function missing(file: string, what: string): { readonly ok: false; readonly error: ParseError } {
  return { ok: false, error: { file, line: 0, text: printable(what) } };
}

/**
 * The answer for a file whose last line has no newline. Every text file of procfs and cgroupfs ends with a newline, so this file
 * was cut, by a buffer that was too small or a task that went away. The last number may be the first half of another number.
 */
export function cut(file: string, text: string): { readonly ok: false; readonly error: ParseError } {
  return unreadable(file, text.split('\n').length, text.slice(text.lastIndexOf('\n') + 1));
}

/** Describes the error in one line for a person. */
export function describeParseError(error: ParseError): string {
  if (error.line === 0) return `${error.file}: ${error.text} is missing`;
  return `${error.file}: line ${error.line} cannot be read: "${error.text}"`;
}

/**
 * `text` made safe for one line of a terminal or a log, and at most `max` characters long. The tenant chooses the names of tasks
 * and cgroups and the arguments. Control and format characters (newlines, terminal escapes, bidirectional overrides) and lone
 * surrogates are therefore written as `\u{hex}`. A cut is marked with `…`.
 */
export function printable(text: string, max: number = MAX_TEXT): string {
  const escaped = text
    .slice(0, max + 1)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  if (escaped.length <= max && text.length <= max) return escaped;
  return `${withoutHalfPair(escaped.slice(0, max - 1))}…`;
}

/** A cut between the two halves of a surrogate pair would leave a character that no encoding can express. */
function withoutHalfPair(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}
