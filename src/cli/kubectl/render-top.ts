/** Draws the tables of `kubectl stasis top`, and makes its objects. Pure. */
import { formatMicroseconds } from '../duration.js';
import { span, type RenderOptions, type Span } from '../render-line.js';
import { renderTable, type Column } from '../render-table.js';
import { formatAge } from './age.js';
import type { Grouping, Pause, PauseGroup } from './pause-statistics.js';

export interface TopView {
  readonly allNamespaces: boolean;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/** The slowest Checkpoints, in the given order. */
export function renderSlowest(
  pauses: readonly Pause[],
  { allNamespaces, now }: TopView,
  options: RenderOptions,
): string {
  const columns: Column[] = [
    { header: 'PAUSE', align: 'right' },
    { header: 'FREEZING', align: 'right' },
    { header: 'HOLD', align: 'right' },
    ...(allNamespaces ? ['NAMESPACE'] : []).map(left),
    ...['NAME', 'POD', 'NODE', 'STATE', 'AGE'].map(left),
  ];
  const rows = pauses.map((pause) => ({
    cells: [
      [span(formatMicroseconds(pause.pause), 'bold')],
      [span(timeOf(pause.freezing))],
      [span(timeOf(pause.hold))],
      ...(allNamespaces ? [[span(pause.namespace)]] : []),
      [span(pause.name)],
      [span(pause.pod)],
      [span(pause.node)],
      [pause.failed ? span(pause.reason, 'red') : span(pause.reason)],
      [span(formatAge(now - pause.ended))],
    ],
  }));
  return renderTable(columns, rows, { color: options.color });
}

/** The figures of each group, in the given order. */
export function renderGroups(groups: readonly PauseGroup[], by: Grouping, options: RenderOptions): string {
  const columns: Column[] = [
    left(by === 'pod' ? 'NAMESPACE/POD' : by.toUpperCase()),
    ...['COUNT', 'FAILED', 'MEDIAN', 'P99', 'MAX'].map((header): Column => ({ header, align: 'right' })),
  ];
  const rows = groups.map(({ key, count, failed, figures }) => ({
    cells: [
      [span(key === '' ? '-' : key)],
      [span(String(count))],
      [failed === 0 ? span('0') : span(String(failed), 'red')],
      ...[figures?.median, figures?.p99].map((time) => [figure(time)]),
      [figure(figures?.max, 'bold')],
    ],
  }));
  return renderTable(columns, rows, { color: options.color });
}

/** A line of the slowest Checkpoints as an object. */
export function pauseObject({ namespace, name, pod, node, reason, ended, freezing, pause, hold }: Pause): object {
  return {
    namespace,
    name,
    pod,
    node,
    reason,
    ...(Number.isNaN(ended) ? {} : { endTime: new Date(ended).toISOString() }),
    pauseWithoutHoldMicroseconds: pause,
    freezingMicroseconds: freezing,
    holdMicroseconds: hold,
  };
}

/** A line of the groups as an object. */
export function groupObject({ key, count, failed, figures }: PauseGroup, by: Grouping): object {
  const times =
    figures === undefined
      ? {}
      : { medianMicroseconds: figures.median, p99Microseconds: figures.p99, maxMicroseconds: figures.max };
  return { [by]: key, count, failed, ...times };
}

function left(header: string): Column {
  return { header, align: 'left' };
}

function figure(time: number | undefined, style?: Span['style']): Span {
  return time === undefined ? span('-', 'dim') : span(formatMicroseconds(time), style);
}

function timeOf(microseconds: number): string {
  return microseconds === 0 ? '-' : formatMicroseconds(microseconds);
}
