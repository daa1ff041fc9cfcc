/** Formats a pause for people. Pure. */

/**
 * Formats whole microseconds as '456us', '12.345ms' or '1.234s': at most three decimals, ASCII, and cut rather than
 * rounded.
 */
export function pauseText(microseconds: number): string {
  if (microseconds < 1000) return `${microseconds}us`;
  if (microseconds < 1_000_000) return `${decimals(microseconds, 1000)}ms`;
  return `${decimals(Math.floor(microseconds / 1000), 1000)}s`;
}

function decimals(value: number, unit: number): string {
  return `${Math.floor(value / unit)}.${String(value % unit).padStart(3, '0')}`;
}

/** The pause of the workload if no hold had been asked for, in microseconds. The metrics show the same figure. */
export function pauseWithoutHold(timings: {
  readonly pauseMicroseconds: number;
  readonly holdMicroseconds: number;
}): number {
  return Math.max(0, timings.pauseMicroseconds - timings.holdMicroseconds);
}
