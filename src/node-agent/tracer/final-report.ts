import { emptyReport, type FinalReport } from '../report/empty-report.js';
import type { TracerResult } from './tracer.js';

/** Returns the report of a capture, or makes an empty report when the tracing thread died without one. Pure. */
export function finalReport(result: TracerResult): FinalReport {
  return 'report' in result
    ? result.report
    : {
        ...emptyReport(result.failure),
        thawUnproved: result.thawUnproved,
        isTouched: true,
        processMustEnd: result.processMustEnd,
      };
}
