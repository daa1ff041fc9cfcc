/** Arithmetic of the bench. Pure. */

/** Returns the value below which the share `part` of the values is (nearest rank); NaN for no values. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** `1.23 s`, or `56 ms` below a second. JSON has null in place of NaN and of infinity. */
export function seconds(milliseconds: number | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return 'not measured';
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** A share of one core. */
export function cores(share: number): string {
  return share.toFixed(share < 0.1 ? 3 : 2);
}
