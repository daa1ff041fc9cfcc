/** Draws the table of `kubectl stasis list`. Pure. */
import { formatMicroseconds } from '../duration.js';
import { displayWidth, escapeText } from '../render-escape.js';
import { span, type RenderOptions, type Span } from '../render-line.js';
import { renderTable, type Column } from '../render-table.js';
import { pauseWithoutHold } from '../sound-timings.js';
import { formatAge } from './age.js';
import type { CheckpointRow } from './checkpoint-row.js';

export interface ListView {
  readonly allNamespaces: boolean;
  readonly wide: boolean;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

interface ListColumn extends Column {
  readonly cell: (row: CheckpointRow, now: number) => Span;
}

function column(
  header: string,
  cell: (row: CheckpointRow, now: number) => Span | string,
  align: Column['align'] = 'left',
): ListColumn {
  return {
    header,
    align,
    cell: (row, now) => {
      const value = cell(row, now);
      return typeof value === 'string' ? span(value) : value;
    },
  };
}

const NAMESPACE = column('NAMESPACE', ({ namespace }) => namespace);

/** The columns that `kubectl get checkpoints` has, in its order. */
const COLUMNS: readonly ListColumn[] = [
  column('NAME', ({ name }) => name),
  column('POD', ({ pod }) => pod),
  column('NODE', ({ node }) => node),
  column('STATE', stateOf),
  column('PAUSE', pauseOf),
  column('HOLD-UNTIL', ({ holdUntil }) => holdUntil.replace(/\.\d+(?=Z$)/, '')),
  column('PROCESSES', ({ processes }) => countOf(processes)),
  column('THREADS', ({ threads }) => countOf(threads)),
  column('AGE', ({ created }, now) => formatAge(now - created)),
];

const WIDE: readonly ListColumn[] = [
  column('REASON-TEXT', ({ reasonText }) => reasonText),
  column('HELD-FOR', heldFor),
  column('MESSAGE', ({ message }) => message),
];

/** The columns that a narrow terminal does without, the most dispensable first. HOLD-UNTIL goes only where it is empty. */
const DISPENSABLE = ['HOLD-UNTIL', 'THREADS', 'PROCESSES', 'NODE', 'POD'];

/**
 * Renders one line for each Checkpoint. On a terminal that is too narrow, columns are left out and no line is cut. Where there is no
 * terminal, every column is there.
 */
export function renderList(rows: readonly CheckpointRow[], view: ListView, options: RenderOptions): string {
  const { allNamespaces, wide, now } = view;
  const columns = [...(allNamespaces ? [NAMESPACE] : []), ...COLUMNS, ...(wide ? WIDE : [])];
  const table = columns.map((each) => ({ column: each, cells: rows.map((row) => each.cell(row, now)) }));
  const shown = wide || options.width === undefined ? table : fit(table, options.width);
  const lines = rows.map((_, index) => ({ cells: shown.map(({ cells }) => [cells[index] ?? span('')]) }));
  return renderTable(
    shown.map((each) => each.column),
    lines,
    { color: options.color },
  );
}

interface Drawn {
  readonly column: ListColumn;
  readonly cells: readonly Span[];
}

function fit(table: readonly Drawn[], width: number): readonly Drawn[] {
  const widths = new Map(table.map((drawn) => [drawn.column.header, widthOf(drawn)]));
  let shown = table;
  for (const header of DISPENSABLE) {
    const needs = shown.reduce((sum, drawn) => sum + (widths.get(drawn.column.header) ?? 0) + 2, -2);
    if (needs <= width) return shown;
    shown = shown.filter((drawn) => drawn.column.header !== header || (header === 'HOLD-UNTIL' && !isEmpty(drawn)));
  }
  return shown;
}

function widthOf({ column: { header }, cells }: Drawn): number {
  return cells.reduce((widest, { text }) => Math.max(widest, displayWidth(escapeText(text))), header.length);
}

function isEmpty({ cells }: Drawn): boolean {
  return cells.every(({ text }) => text === '');
}

function stateOf({ reason, outcome, held }: CheckpointRow): Span {
  if (outcome === 'failed') return span(reason, 'red');
  return held ? span(reason, 'yellow') : span(reason);
}

/** The text of the controller; an older one wrote the timings alone. */
function pauseOf({ pause, timings }: CheckpointRow): string {
  if (pause !== '' || timings === undefined || timings.pauseMicroseconds === 0) return pause;
  return formatMicroseconds(pauseWithoutHold(timings));
}

function countOf(count: number | undefined): string {
  return count === undefined ? '' : String(count);
}

/** For how long the pod was held, or has been held so far. The node has written when it began, so that its clock matters. */
function heldFor({ heldFrom, heldUntil, held }: CheckpointRow, now: number): string {
  const until = held ? now : heldUntil;
  if (Number.isNaN(heldFrom) || Number.isNaN(until) || until < heldFrom) return '';
  return held ? formatAge(until - heldFrom) : formatMicroseconds((until - heldFrom) * 1000);
}
