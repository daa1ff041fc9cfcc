/**
 * The wall clock in microseconds, from the monotonic clock and the wall clock of Node, which counts whole milliseconds.
 *
 * The error is the slew of the wall clock between a moment and the look at the clocks (at most 0.5 ms per second, adjtimex(2)),
 * and a few microseconds of the look itself; up to 1 ms where the thread lost the CPU in the middle of the look. A wall clock
 * that is set between the two moments shifts the result by as much.
 */

/** Longer than the wall clock stands between two of its milliseconds. */
const TICK_BOUND_MICROSECONDS = 1_500;

/**
 * Returns by how many microseconds the wall clock is ahead of the monotonic clock. Looks until the wall clock has just moved to
 * its next millisecond, for at most 1.5 ms.
 *
 * @param now the monotonic clock, in microseconds
 * @param wall the wall clock, in whole milliseconds since the epoch
 */
export function wallOffset(now: () => number, wall: () => number): number {
  const [since, before] = [now(), wall()];
  for (let at = since; at - since < TICK_BOUND_MICROSECONDS;) {
    const then = wall();
    at = now();
    if (then !== before) return then * 1000 - at;
  }
  return wall() * 1000 - now();
}

/** RFC 3339 with microseconds. */
export function wallTime(microseconds: number): string {
  const whole = Math.round(microseconds);
  const seconds = Math.floor(whole / 1_000_000);
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${text}.${String(whole - 1_000_000 * seconds).padStart(6, '0')}Z`;
}
