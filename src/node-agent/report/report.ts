/** Makes the report of a capture from its raw bytes. This is done when the tasks run again, on any tracing thread that is alive. */
import type { KernelFiles } from '../../native/kernel.js';
import { eachRecord } from '../capture/raw-arena.js';
import type { RawCapture } from '../capture/raw-capture.js';
import { parseReport, type CaptureReport } from './parse-report.js';
import { takeSecondLook } from './second-look.js';

export type { CaptureReport } from './parse-report.js';

/**
 * Looks at the tasks for the second time, and parses everything.
 *
 * @param wallOffset returns by how many microseconds the wall clock is ahead of the monotonic clock now
 */
export function report(files: KernelFiles, proc: string, raw: RawCapture, wallOffset: () => number): CaptureReport {
  const held = new Set<number>();
  for (const { look, file, id } of eachRecord(raw.records)) if (look === 'held' && file === 'status') held.add(id);
  const second = takeSecondLook(files, proc, raw, held);
  return parseReport(raw, second, wallOffset());
}
