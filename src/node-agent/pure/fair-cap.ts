/** Shares a bound among many entries, so that greedy entries take nothing from the others. Pure. */

/**
 * The largest cap for which the lengths, each cut to the cap, add up to at most `total`. A length up to the cap stays
 * whole, so that a few long entries never push out the short ones. The cap is infinite where everything fits.
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
