/** Percentiles of the timings of many captures. Pure. */
import type { Distribution, Timings } from '../../api/podcapture.js';

/**
 * Minimum, median, 99th percentile and maximum of each timing, in microseconds, by nearest rank: the smallest sample that at
 * least this percentage of the samples does not exceed. So each figure is a time that really occurred, and below 100 samples p99
 * is the maximum. All figures are 0 when there are no samples.
 */
export function summarize(samples: readonly Timings[]): Record<keyof Timings, Distribution> {
  const of = (field: keyof Timings): Distribution => distribution(samples.map((sample) => sample[field]));
  return {
    resolveMicroseconds: of('resolveMicroseconds'),
    cgroupFreezeMicroseconds: of('cgroupFreezeMicroseconds'),
    seizeMicroseconds: of('seizeMicroseconds'),
    cgroupThawMicroseconds: of('cgroupThawMicroseconds'),
    stopMicroseconds: of('stopMicroseconds'),
    collectMicroseconds: of('collectMicroseconds'),
    holdMicroseconds: of('holdMicroseconds'),
    releaseMicroseconds: of('releaseMicroseconds'),
    freezingMicroseconds: of('freezingMicroseconds'),
    pauseMicroseconds: of('pauseMicroseconds'),
  };
}

/** The distribution of some numbers, by nearest rank. All figures are 0 when there are no numbers. */
export function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((one, other) => one - other);
  return {
    min: sorted[0] ?? 0,
    median: nearestRank(sorted, 50),
    p99: nearestRank(sorted, 99),
    max: sorted.at(-1) ?? 0,
  };
}

/** The percentage is a whole number, because 0.99 × 100 need not be 99 in binary fractions. */
function nearestRank(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0;
}
