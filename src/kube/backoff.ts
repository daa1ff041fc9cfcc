/** The delay after consecutive failures. Pure. */

export interface Backoff {
  /** No delay is shorter. */
  readonly baseMilliseconds: number;
  /** No delay is longer. */
  readonly maxMilliseconds: number;
}

/**
 * Returns a random delay for the given number of consecutive failures (`failures` counts from 1). The range doubles
 * with each failure, and the delay is spread evenly over its upper half, so that a thousand agents that lost the same
 * server do not reconnect at the same moment. The result lies between base and max, both included.
 */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  // For many failures, 2 ** failures is Infinity; Math.min turns that into the maximum.
  const ceiling = Math.min(backoff.maxMilliseconds, backoff.baseMilliseconds * 2 ** Math.max(1, failures));
  return Math.max(Math.min(backoff.baseMilliseconds, ceiling), ceiling * (1 - random() / 2));
}
