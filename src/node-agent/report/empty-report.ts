/** The report of a capture that made none: it has only the reason of the failure. Pure. */
import type { Timings } from '../../api/podcapture.js';
import type { CaptureReport } from './parse-report.js';

/** A report, and whether only the end of the process releases the tasks. */
export type FinalReport = CaptureReport & { readonly processMustEnd?: boolean };

/** The report of a capture that touched nothing. */
export function emptyReport(failure: CaptureReport['failure']): FinalReport {
  return {
    failure,
    tree: [],
    containers: [],
    threads: 0,
    joined: 0,
    unfrozen: [],
    timings: NOTHING,
    overrunMicroseconds: 0,
    thawUnproved: [],
    isTouched: false,
    processMustEnd: false,
  };
}

const NOTHING: Timings = {
  resolveMicroseconds: 0,
  cgroupFreezeMicroseconds: 0,
  seizeMicroseconds: 0,
  cgroupThawMicroseconds: 0,
  stopMicroseconds: 0,
  collectMicroseconds: 0,
  holdMicroseconds: 0,
  releaseMicroseconds: 0,
  freezingMicroseconds: 0,
  pauseMicroseconds: 0,
};
