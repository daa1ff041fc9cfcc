/** The names of the phases for people, and the table of the phases. Pure. */
import { PHASES } from '../api/podcapture.js';
import type { PodCaptureStatus, Timings } from '../api/podcapture.js';
import { formatMicroseconds } from './duration.js';
import { span } from './render-line.js';
import type { RenderOptions, Span } from './render-line.js';
import { renderTable } from './render-table.js';
import type { TableRow } from './render-table.js';

/** The timings in the order of the table: the phases, then the two sums. */
export const TIMING_FIELDS: readonly (keyof Timings)[] = [
  ...PHASES.map((phase) => `${phase}Microseconds` as const),
  'freezingMicroseconds',
  'pauseMicroseconds',
];

interface Wording {
  readonly name: string;
  readonly meaning: string;
}

const WORDING: Readonly<Record<keyof Timings, Wording>> = {
  resolveMicroseconds: { name: 'resolve', meaning: 'finding the cgroups and who is in them; all run' },
  cgroupFreezeMicroseconds: { name: 'cgroup freeze', meaning: 'first freezer write until frozen in fact' },
  seizeMicroseconds: { name: 'seize', meaning: 'ptrace takes every thread' },
  cgroupThawMicroseconds: { name: 'cgroup thaw', meaning: 'the freezer opens, and is seen to be open' },
  stopMicroseconds: { name: 'stop', meaning: 'until each task stands in its ptrace stop' },
  collectMicroseconds: { name: 'collect', meaning: 'reading what only the pause can tell' },
  holdMicroseconds: { name: 'hold', meaning: 'while every task stands still' },
  releaseMicroseconds: { name: 'release', meaning: 'letting every task go' },
  freezingMicroseconds: { name: 'freezing', meaning: 'sum: first touch until the tree was read' },
  pauseMicroseconds: { name: 'pause', meaning: 'sum: first touch until the last task was let go' },
};

/** Returns the name of a timing, such as `cgroup freeze`. */
export function timingName(field: keyof Timings): string {
  return WORDING[field].name;
}

/** Returns what a timing measures, in words. */
export function timingMeaning(field: keyof Timings): string {
  return WORDING[field].meaning;
}

/**
 * Renders the table of the phases that took place, and of the sums. A phase of 0 µs did not take place. The text is
 * empty when there is nothing to show.
 */
export function renderPhases(
  status: Pick<PodCaptureStatus, 'timings' | 'overrunMicroseconds'>,
  options: RenderOptions,
): string {
  const { timings, overrunMicroseconds: overrun } = status;
  const gone = TIMING_FIELDS.filter((field) => timings[field] !== 0);
  if (gone.length === 0 && overrun === undefined) return '';
  const rows: TableRow[] = gone.map((field) => {
    const { name } = WORDING[field];
    const withHold = field === 'pauseMicroseconds' && timings.holdMicroseconds > 0;
    const meaning = withHold ? 'sum with the hold: first touch until the last task was let go' : WORDING[field].meaning;
    const style = field === 'pauseMicroseconds' ? 'bold' : undefined;
    return row(span(name, style), span(formatMicroseconds(timings[field]), style), meaning);
  });
  if (overrun !== undefined) {
    const meaning = 'of the pause beyond its budget: a kernel call or the release took longer than expected';
    rows.push(row(span('overrun', 'yellow'), span(formatMicroseconds(overrun), 'yellow'), meaning));
  }
  return renderTable(
    [
      { header: 'PHASE', align: 'left' },
      { header: 'TIME', align: 'right' },
      { header: '', align: 'left' },
    ],
    rows,
    options,
  );
}

function row(name: Span, time: Span, meaning: string): TableRow {
  return { cells: [[name], [time], [span(meaning, 'dim')]] };
}
