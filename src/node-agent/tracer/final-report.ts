import { emptyReport, type FinalReport } from '../report/empty-report.js';
import type { TracerResult } from './tracer.js';

/** The report of a capture, also of one whose tracing thread died and brought none. Pure. */
export function finalReport(result: TracerResult): FinalReport {
  return 'report' in result
    ? result.report
    : { ...emptyReport(result.failure), thawUnproved: result.thawUnproved, processMustEnd: result.processMustEnd };
}
