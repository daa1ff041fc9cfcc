/** The timings of a capture from a status that anybody may have written. Pure. */
import type { Timings } from '../api/podcapture.js';
import { asCount, or, shape, type Reader } from './coerce.js';

const time = or(asCount, 0);

/** Every timing is there; one that is missing or is no time is 0. */
export const readTimings: Reader<Timings> = shape<Timings>({
  resolveMicroseconds: time,
  cgroupFreezeMicroseconds: time,
  seizeMicroseconds: time,
  cgroupThawMicroseconds: time,
  stopMicroseconds: time,
  collectMicroseconds: time,
  holdMicroseconds: time,
  releaseMicroseconds: time,
  freezingMicroseconds: time,
  pauseMicroseconds: time,
});

/** The pause without a hold: what a capture alone costs the workload. */
export function pauseWithoutHold({ pauseMicroseconds, holdMicroseconds }: Timings): number {
  return Math.max(0, pauseMicroseconds - holdMicroseconds);
}
