/** Draws the phases of a capture as bars, and several captures side by side. Pure. */
import type { Timings } from '../../api/podcapture.js';
import { formatMicroseconds } from '../duration.js';
import { clip, displayWidth, escapeText } from '../render-escape.js';
import { renderLine, span, type RenderOptions, type Span, type Style } from '../render-line.js';
import { timingName } from '../render-phases.js';
import { renderTable, type Column, type TableRow } from '../render-table.js';
import { pauseWithoutHold } from '../sound-timings.js';

/** The timings of one capture, and what they were allowed to be. */
export interface Measured {
  /** The name of the Checkpoint, or of the PodCapture that was asked for. */
  readonly name: string;
  readonly pod: string;
  readonly node: string;
  readonly reason: string;
  readonly succeeded: boolean;
  readonly timings: Timings;
  readonly maxPauseMicroseconds?: number;
  /** By how much the pause exceeded what was allowed. */
  readonly overrunMicroseconds?: number;
}

export interface BarOptions extends RenderOptions {
  /** Whether the terminal shows block characters. */
  readonly blocks: boolean;
}

/** The phases that are a part of the pause, in their order on cgroup v1. On v2 the stop phase comes before the thaw. */
const IN_PAUSE = [
  'cgroupFreezeMicroseconds',
  'seizeMicroseconds',
  'cgroupThawMicroseconds',
  'stopMicroseconds',
  'collectMicroseconds',
  'releaseMicroseconds',
] as const satisfies readonly (keyof Timings)[];

/** Columns where the width of the output is not known. */
const PAGE = 80;
/** A bar that is shorter than this tells nothing. */
const SHORTEST_BAR = 8;
const LONGEST_BAR = 100;

/** Draws one capture: a bar for each phase, to the scale of the pause without the hold, and below them the sums. */
export function renderBars(measured: Measured, options: BarOptions): string {
  const { timings } = measured;
  const total = pauseWithoutHold(timings);
  const phases = IN_PAUSE.filter((field) => timings[field] > 0);
  const parts = phases.reduce((sum, field) => sum + timings[field], 0);
  const scale = Math.max(total, parts);
  const lines: Line[] = phases.map((field) => line(timingName(field), timings[field], scale));
  // The phases follow one another without a gap, so that this line is there only for timings that Stasis did not write.
  if (total > parts && parts > 0) lines.push(line('other', total - parts, scale));
  const about: Line[] = [
    ...(timings.resolveMicroseconds > 0
      ? [note('resolve', timings.resolveMicroseconds, 'before the pause; the pod ran')]
      : []),
    ...(timings.freezingMicroseconds > 0
      ? [note('freezing', timings.freezingMicroseconds, 'until the tree was read')]
      : []),
    ...sums(measured),
  ];
  const drawn = drawLines(lines, about, options);
  return `${renderLine(title(measured), { color: options.color })}\n\n${drawn}`;
}

interface Line {
  readonly name: string;
  readonly time: string;
  /** The part of the scale, 0 to 1. */
  readonly part?: number;
  readonly note?: string;
  readonly style?: Style;
}

function line(name: string, microseconds: number, scale: number): Line {
  return { name, time: formatMicroseconds(microseconds), part: scale === 0 ? 0 : microseconds / scale };
}

function note(name: string, microseconds: number, text: string, style?: Style): Line {
  return { name, time: formatMicroseconds(microseconds), note: text, ...(style === undefined ? {} : { style }) };
}

function sums({ timings, maxPauseMicroseconds: budget, overrunMicroseconds: overrun }: Measured): Line[] {
  const pause = pauseWithoutHold(timings);
  const { holdMicroseconds: hold } = timings;
  if (timings.pauseMicroseconds === 0) return [];
  return [
    note('pause', pause, hold > 0 ? 'what the capture cost the pod, without the hold' : 'what the pod felt', 'bold'),
    ...(hold > 0
      ? [
          note('hold', hold, 'after it was read; not drawn to scale'),
          note('together', timings.pauseMicroseconds, 'how long the pod stood still'),
        ]
      : []),
    ...(budget === undefined ? [] : [note('budget', budget, budgetText(pause, budget))]),
    ...(overrun === undefined || overrun === 0
      ? []
      : [note('overrun', overrun, 'of the pause beyond its budget', 'yellow')]),
  ];
}

function budgetText(pause: number, budget: number): string {
  return budget > 0 ? `--max-pause; the pause took ${Math.round((100 * pause) / budget)}% of it` : '--max-pause';
}

function title({ name, pod, node, reason, succeeded }: Measured): Span[] {
  const where = node === '' ? '' : ` on ${node}`;
  return [
    span(name, 'bold'),
    span(`: ${reason === '' ? 'no reason' : reason}`, succeeded ? 'green' : 'red'),
    ...(pod === '' ? [] : [span(`, pod ${pod}${where}`)]),
  ];
}

function drawLines(lines: readonly Line[], about: readonly Line[], options: BarOptions): string {
  const all = [...lines, ...about];
  if (all.length === 0) return 'Nothing was timed: the pod was not touched.\n';
  const width = options.width ?? PAGE;
  const names = Math.max(...all.map(({ name }) => name.length));
  const times = Math.max(...all.map(({ time }) => displayWidth(time)));
  const beside = names + 2 + times + 2;
  const percent = width - beside - PERCENT >= SHORTEST_BAR;
  const room = Math.min(LONGEST_BAR, width - beside - (percent ? PERCENT : 0));
  const render = ({ name, time, part, note: text, style }: Line): string => {
    const head = [
      span(name.padEnd(names), style),
      span(`  ${' '.repeat(times - displayWidth(time))}`),
      span(time, style),
    ];
    if (part === undefined) {
      // A sentence that is cut is worth less than none.
      const fits = text !== undefined && beside + text.length <= width;
      return renderLine([...head, ...(fits ? [span(`  ${text}`, 'dim')] : [])], options);
    }
    const share = percent ? [span(percentOf(part))] : [];
    const drawn = room < SHORTEST_BAR ? [] : [span('  '), span(bar(part, room, options.blocks), 'green')];
    return renderLine([...head, ...share, ...drawn], options);
  };
  return [...lines.map(render), ...(lines.length > 0 && about.length > 0 ? [''] : []), ...about.map(render)]
    .map((each) => `${each}\n`)
    .join('');
}

const PERCENT = '  100%'.length;

function percentOf(part: number): string {
  const text = part > 0 && part < 0.005 ? '<1%' : `${Math.round(part * 100)}%`;
  return `  ${text.padStart(PERCENT - 2)}`;
}

/** From one eighth of a column to eight eighths. */
const EIGHTHS = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/** A bar of the part of the room. What took any time at all has a thin mark at least. */
export function bar(part: number, room: number, blocks: boolean): string {
  if (!(part > 0) || room < 1) return '';
  const length = Math.min(1, part) * room;
  if (!blocks) return length < 0.5 ? '|' : '#'.repeat(Math.round(length));
  const eighths = Math.max(1, Math.round(length * 8));
  const rest = eighths % 8;
  return `${'█'.repeat(Math.floor(eighths / 8))}${rest === 0 ? '' : (EIGHTHS[rest - 1] ?? '')}`;
}

/** A name of the comparison is cut to this length. */
const LONGEST_NAME = 32;

/** Compares captures: a column for each, a line for each phase that any of them went through. */
export function renderComparison(all: readonly Measured[], options: RenderOptions): string {
  const fields: readonly (keyof Timings)[] = ['resolveMicroseconds', ...IN_PAUSE, 'freezingMicroseconds'];
  const shown = fields.filter((field) => all.some(({ timings }) => timings[field] > 0));
  const rows: TableRow[] = [
    ...shown.map((field) => compared(timingName(field), all, ({ timings }) => timings[field])),
    compared('pause', all, ({ timings }) => pauseWithoutHold(timings), 'bold'),
    ...optional('hold', all, ({ timings }) => timings.holdMicroseconds),
    ...optional('budget', all, ({ maxPauseMicroseconds }) => maxPauseMicroseconds),
    ...optional('overrun', all, ({ overrunMicroseconds }) => overrunMicroseconds, 'yellow'),
    { cells: [[span('result')], ...all.map(({ reason, succeeded }) => [span(reason, succeeded ? 'green' : 'red')])] },
  ];
  const columns: Column[] = [
    { header: 'PHASE', align: 'left' },
    ...all.map(({ name }): Column => ({ header: clip(escapeText(name), LONGEST_NAME), align: 'right' })),
  ];
  // A line that is cut would lack the numbers of the last captures, so width does not apply.
  return renderTable(columns, rows, { color: options.color });
}

function compared(
  name: string,
  all: readonly Measured[],
  time: (measured: Measured) => number | undefined,
  style?: Style,
): TableRow {
  const cells = all.map((measured) => {
    const value = time(measured) ?? 0;
    return value === 0 ? [span('-', 'dim')] : [span(formatMicroseconds(value), style)];
  });
  return { cells: [[span(name, style)], ...cells] };
}

function optional(
  name: string,
  all: readonly Measured[],
  time: (measured: Measured) => number | undefined,
  style?: Style,
): TableRow[] {
  return all.some((measured) => (time(measured) ?? 0) > 0) ? [compared(name, all, time, style)] : [];
}
