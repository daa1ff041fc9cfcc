/** Renders tables with aligned columns, in time linear in the number of rows. Pure. */
import { renderLine, span, spansWidth } from './render-line.js';
import type { RenderOptions, Span } from './render-line.js';

export interface Column {
  readonly header: string;
  readonly align: 'left' | 'right';
}

/** A row has one cell per column; a heading spans all columns. */
export type TableRow = { readonly cells: readonly (readonly Span[])[] } | { readonly heading: readonly Span[] };

const GAP = '  ';

/** Renders a table with dim headers. Two spaces separate the columns, and each line ends with a newline. */
export function renderTable(columns: readonly Column[], rows: readonly TableRow[], options: RenderOptions): string {
  const header: TableRow = { cells: columns.map((column) => [span(column.header, 'dim')]) };
  const all = [header, ...rows];
  const widths = columnWidths(columns.length, all);
  return all.map((row) => `${renderLine(layOut(row, columns, widths), options)}\n`).join('');
}

function columnWidths(count: number, rows: readonly TableRow[]): number[] {
  const widths = Array.from({ length: count }, () => 0);
  for (const row of rows) {
    if ('heading' in row) continue;
    row.cells.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, spansWidth(cell));
    });
  }
  return widths;
}

function layOut(row: TableRow, columns: readonly Column[], widths: readonly number[]): Span[] {
  if ('heading' in row) return [...row.heading];
  return columns.flatMap(({ align }, index) => {
    const cell = row.cells[index] ?? [];
    const gap = index === 0 ? [] : [span(GAP)];
    // The last column is not padded, because no column follows and its text may be very long. An empty cell gets no gap
    // either, so that the line does not end with spaces.
    if (align === 'left' && index === columns.length - 1) return spansWidth(cell) === 0 ? [] : [...gap, ...cell];
    const padding = span(' '.repeat((widths[index] ?? 0) - spansWidth(cell)));
    return align === 'right' ? [...gap, padding, ...cell] : [...gap, ...cell, padding];
  });
}
