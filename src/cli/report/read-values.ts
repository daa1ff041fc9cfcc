/**
 * Reads values that anybody may have written. Each function takes what it finds and gives a value of the type that it is for,
 * or undefined. Text is cut, and escaped as for a terminal: what leaves this file can be shown. Pure.
 */
import { escapeText } from '../render-escape.js';

export type Fields = Readonly<Record<string, unknown>>;

/** In UTF-16 units: a path has at most 4,096 bytes (PATH_MAX). */
const LONGEST = 4096;

/** Most text is of this kind, and needs no closer look. */
const PLAIN = /^[ -[\]-~]*$/;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Text that is ready to be shown. */
export function textOf(value: unknown, longest = LONGEST): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.length <= longest && PLAIN.test(value)) return value;
  return value.length <= longest ? escapeText(value) : `${escapeText(value.slice(0, longest))}…`;
}

/** True where the text has characters that {@link textOf} escapes, other than the backslash, which many paths have. */
export function hasUnsafe(value: unknown): boolean {
  if (typeof value !== 'string' || PLAIN.test(value)) return false;
  const text = value.slice(0, LONGEST).replaceAll('\\', '');
  return escapeText(text) !== text;
}

/** A whole number that is not negative. */
export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function oneOf<Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value);
}

export function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((each) => textOf(each) ?? []);
}

export function countsOf(value: unknown): number[] {
  return listOf(value).flatMap((each) => countOf(each) ?? []);
}
