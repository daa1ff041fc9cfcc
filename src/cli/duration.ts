/** Parses and formats durations in the form that people write and read. Pure. */
import { quoteValue } from './render-escape.js';

export type ParsedDuration =
  | { readonly ok: true; readonly microseconds: number }
  /** `message` names the value, and is worded to follow `--option: `. */
  | { readonly ok: false; readonly message: string };

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The longest duration that is accepted, in microseconds: 24 hours. No pod should stand still for a day. */
export const LONGEST_DURATION = 24 * HOUR;

/** Microseconds per unit. Unicode has two characters for `µ`: the micro sign U+00B5 and the Greek letter U+03BC. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['h', HOUR],
  ['m', MINUTE],
  ['s', SECOND],
  ['ms', 1_000],
  ['us', 1],
  ['\u00b5s', 1],
  ['\u03bcs', 1],
]);

const TERM = /(\d+(?:\.\d*)?|\.\d+)(ms|us|\u00b5s|\u03bcs|h|m|s)/gy;

/**
 * The longest text that is parsed, in UTF-16 units. No reasonable duration is longer, and arithmetic on a BigInt takes
 * time quadratic in the number of digits.
 */
const LONGEST_TEXT = 64;

/**
 * Parses a duration as Go's time.ParseDuration does (`10s`, `250ms`, `1m30s`, `1.5s`, `500µs`, `0`), in whole
 * microseconds. It refuses a number without a unit (except 0), a sign, a fraction of a microsecond, and more than 24
 * hours. Fractions are computed with whole numbers, so that 0.1s is exactly 100000.
 */
export function parseDuration(text: string): ParsedDuration {
  if (text === '0') return { ok: true, microseconds: 0 };
  if (text.startsWith('-') && parseDuration(text.slice(1)).ok) return refuse(text, 'is negative');
  if (text.length > LONGEST_TEXT) return refuse(text, NOT_A_DURATION);
  if (/^\d+(\.\d+)?$/.test(text)) return refuse(text, 'has no unit; write 10s or 250ms');
  const terms = [...text.matchAll(TERM)];
  if (text === '' || terms.map(([term]) => term).join('') !== text) return refuse(text, NOT_A_DURATION);
  let sum = 0n;
  for (const [, number = '', unit = ''] of terms) {
    const microseconds = wholeMicroseconds(number, UNITS.get(unit) ?? 0);
    if (microseconds === undefined) return refuse(text, 'is finer than a microsecond');
    sum += microseconds;
  }
  if (sum > BigInt(LONGEST_DURATION)) return refuse(text, 'is longer than 24h');
  return { ok: true, microseconds: Number(sum) };
}

const NOT_A_DURATION = 'is not a duration such as 10s or 250ms';

function refuse(text: string, why: string): ParsedDuration {
  return { ok: false, message: `${quoteValue(text)} ${why}` };
}

/** Converts a decimal number of units to microseconds. Undefined when the result is not a whole number. */
function wholeMicroseconds(number: string, unit: number): bigint | undefined {
  const [whole = '', fraction = ''] = number.split('.');
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(`${whole}${fraction}`) * BigInt(unit);
  return scaled % scale === 0n ? scaled / scale : undefined;
}

/**
 * Formats microseconds for a person: `873µs`, `12.345ms`, `1.204s`, `1m03.204s`, `1h00m03.204s`. The text is exact
 * below one second, and rounded to milliseconds above. {@link parseDuration} reads the text of every duration from 0 to
 * 24 hours.
 */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds < 0) return `-${formatMicroseconds(-microseconds)}`;
  const whole = Math.round(microseconds);
  if (whole < 1_000) return `${whole}µs`;
  if (whole < SECOND) return `${(whole / 1_000).toFixed(3)}ms`;
  // Rounding after the split would turn 59.9996 s into 60.000s.
  const milliseconds = Math.round(whole / 1_000);
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = ((milliseconds % 60_000) / 1_000).toFixed(3);
  if (hours > 0) return `${hours}h${String(minutes).padStart(2, '0')}m${seconds.padStart(6, '0')}s`;
  return minutes > 0 ? `${minutes}m${seconds.padStart(6, '0')}s` : `${seconds}s`;
}
