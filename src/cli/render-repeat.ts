/** Renders the distribution of each phase over the runs of `--repeat`. Pure. */
import type { Distribution, PodCaptureStatus } from '../api/podcapture.js';
import { formatMicroseconds } from './duration.js';
import { span } from './render-line.js';
import type { RenderOptions } from './render-line.js';
import { TIMING_FIELDS, timingName } from './render-phases.js';
import { renderTable } from './render-table.js';
import type { Column } from './render-table.js';

const FIGURES: readonly (keyof Distribution)[] = ['min', 'median', 'p99', 'max'];

/** Renders minimum, median, p99 and maximum of each phase that took place in any run. Empty without a summary. */
export function renderRepeat(status: Pick<PodCaptureStatus, 'samples' | 'summary'>, options: RenderOptions): string {
  const { samples = [], summary } = status;
  if (summary === undefined) return '';
  const columns: Column[] = [
    { header: samples.length === 1 ? '1 RUN' : `${samples.length} RUNS`, align: 'left' },
    ...FIGURES.map((figure): Column => ({ header: figure.toUpperCase(), align: 'right' })),
  ];
  const rows = TIMING_FIELDS.filter((field) => summary[field].max !== 0).map((field) => {
    const style = field === 'pauseMicroseconds' ? 'bold' : undefined;
    const figures = FIGURES.map((figure) => [span(formatMicroseconds(summary[field][figure]), style)]);
    return { cells: [[span(timingName(field), style)], ...figures] };
  });
  return renderTable(columns, rows, options);
}
