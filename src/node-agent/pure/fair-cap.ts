/** Sharing a bound among many, so that nobody loses a part of it to somebody greedier. Pure. */

/**
 * The largest cap with which the lengths, each cut to the cap, add up to at most `total`. Whatever is no longer than the
 * cap stays whole: a few long ones cost only themselves, and never hide the short ones. Infinite where all fits.
 */
export function fairCap(lengths: readonly number[], total: number): number {
  const ascending = Float64Array.from(lengths).sort();
  let left = total;
  for (const [index, length] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Number.POSITIVE_INFINITY;
}
