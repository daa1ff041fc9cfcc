/** The time at which a capture ended, by a wall clock that may have been set back meanwhile. Pure. */
import type { CaptureReport } from './parse-report.js';

/**
 * Returns the wall clock's time of the end. Where the wall clock was set back, this is the start plus what has passed by the
 * monotonic clock, as far as the reports tell: the pauses. So the end is never before the start, a hold of an hour never ends
 * within seconds, and the pod is never let go (`heldUntil`) after the end.
 *
 * @param start RFC 3339, by the wall clock as it was then
 * @param now RFC 3339, by the wall clock as it is now
 */
export function endTime(
  start: string,
  now: string,
  reports: readonly Pick<CaptureReport, 'timings' | 'standstill'>[],
): string {
  const paused = reports.reduce((sum, { timings }) => sum + timings.pauseMicroseconds, 0);
  const least = Date.parse(start) + Math.ceil(paused / 1000);
  // The negation also covers a text that is no time.
  if (!(least > Date.parse(now))) return now;
  const letGo = reports.at(-1)?.standstill?.until ?? 0;
  return new Date(Math.max(least, Math.ceil(letGo / 1000))).toISOString();
}
