/** The results of a run, one row per row of the promise and cgroup version. Pure. */
import type { Outcome } from './trial.js';

export interface Row {
  readonly row: string;
  readonly version: string;
  readonly trials: number;
  /** Number of trials in which something was frozen or traced at the instant of the harm. */
  readonly held: number;
  readonly median: number;
  readonly worst: number;
  readonly bound: number;
  readonly left: readonly string[];
  /** One text per trial that missed its bound. */
  readonly late: readonly string[];
  readonly missed: readonly string[];
}

export interface Entry {
  readonly row: string;
  readonly version: string;
  readonly bound: number;
  readonly outcome: Outcome;
}

/** Makes the rows, in the order of `order`. */
export function tally(entries: readonly Entry[], order: readonly string[]): Row[] {
  return order.flatMap((row) =>
    ['v1', 'v2'].flatMap((version) => {
      const mine = entries.filter((entry) => entry.row === row && entry.version === version);
      return mine.length === 0 ? [] : [rowOf(row, version, mine)];
    }),
  );
}

function rowOf(row: string, version: string, entries: readonly Entry[]): Row {
  const done = entries.map(({ outcome }) => outcome).filter(({ missed }) => missed === undefined);
  const times = done.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    row,
    version,
    trials: done.length,
    held: done.filter(({ held }) => held).length,
    median: times[Math.floor(times.length / 2)] ?? 0,
    worst: times.at(-1) ?? 0,
    bound: Math.max(...entries.map(({ bound }) => bound)),
    left: done.flatMap(({ left }) => left),
    late: done.flatMap(({ late }) => late ?? []),
    missed: entries.flatMap(({ outcome }) => outcome.missed ?? []),
  };
}

/** Renders the rows as the Markdown table of docs/safety.md. */
export function renderRows(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ row, version, trials, held, median, worst, bound, left }) =>
      `| ${row} | ${version} | ${trials} | ${held} | ${figure(median)} | ${figure(worst)} | ${bound} ms | ${left.length === 0 ? 'nothing' : left.length} |`,
  );
  return [
    '| what happens | cgroup | times | of them while held | median | worst | bound | left behind |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

function figure(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
