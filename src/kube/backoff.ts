/** How long to wait after failures in a row. Pure. */

export interface Backoff {
  /** The shortest first delay. */
  readonly baseMilliseconds: number;
  /** No delay is longer. */
  readonly maxMilliseconds: number;
}

/**
 * Doubles with each failure (`failures` counts from 1), spread evenly over the upper half of the range, so that a thousand
 * agents that lost the same server do not come back in the same moment. From base to max, both included.
 */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  // 2 ** 1024 is Infinity, which min() takes care of.
  const ceiling = Math.min(backoff.maxMilliseconds, backoff.baseMilliseconds * 2 ** Math.max(1, failures));
  return Math.max(Math.min(backoff.baseMilliseconds, ceiling), ceiling * (1 - random() / 2));
}
