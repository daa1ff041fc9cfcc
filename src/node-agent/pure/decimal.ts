/** Decimal numbers as the kernel prints them: digits only. Pure. */

/** 15 digits stay below 2^53, and no counter that is parsed here needs more. */
const MAX_DIGITS = 15;

/**
 * The number that `text` holds from `from` up to, not including, `to`; -1 when that part is empty, longer than 15 digits, or
 * anything but digits. A sign, a space or an exponent, which Number() forgives, is damage here.
 */
export function decimal(text: string, from: number = 0, to: number = text.length): number {
  if (to <= from || to - from > MAX_DIGITS || to > text.length) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The numbers between single `separator`s from `from` to `to`. Undefined when one of these parts is not a number. */
export function decimals(text: string, separator: string, from: number, to: number): number[] | undefined {
  const values: number[] = [];
  for (let start = from; ;) {
    const next = text.indexOf(separator, start);
    const end = next === -1 || next > to ? to : next;
    const value = decimal(text, start, end);
    if (value === -1) return undefined;
    values.push(value);
    if (end === to) return values;
    start = end + 1;
  }
}
