/** Tables whose columns line up. Pure, and linear in the number of rows. */
import { renderLine, span, spansWidth } from './render-line.js';
import type { RenderOptions, Span } from './render-line.js';

export interface Column {
  readonly header: string;
  readonly align: 'left' | 'right';
}

/** A row has a cell for each column; a heading runs across all of them. */
export type TableRow = { readonly cells: readonly (readonly Span[])[] } | { readonly heading: readonly Span[] };

const GAP = '  ';

/** Renders a table, its headers dim, each line ended by a newline. Columns are separated by two spaces. */
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
    // Nothing stands to the right of the last column, and what is in it may be very long; or empty.
    if (align === 'left' && index === columns.length - 1) return spansWidth(cell) === 0 ? [] : [...gap, ...cell];
    const padding = span(' '.repeat((widths[index] ?? 0) - spansWidth(cell)));
    return align === 'right' ? [...gap, padding, ...cell] : [...gap, ...cell, padding];
  });
}
