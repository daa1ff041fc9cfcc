/** Renders a capture for people: the outcome, the process tree, the phases, the counts. Pure. */
import { SUCCESS_REASONS } from '../api/reasons.js';
import type { Condition, PodCapture, PodCaptureStatus, UnfrozenTask } from '../api/podcapture.js';
import { renderLine, span } from './render-line.js';
import type { RenderOptions, Span } from './render-line.js';
import { renderPhases } from './render-phases.js';
import { quoteOdd } from './render-process.js';
import { describeContainer, renderCut, renderProcesses } from './render-processes.js';
import { renderRepeat } from './render-repeat.js';
import { renderTable } from './render-table.js';
import type { Column } from './render-table.js';
import type { TreeView } from './tree-selection.js';

/**
 * Renders a capture for a terminal or a log; with `--repeat` the distributions take the place of the phases. Every
 * line ends in a newline; `view` selects a part of the tree. Text that came from the captured processes is escaped. Takes time in proportion to the number
 * of processes and threads.
 */
export function renderTree(capture: PodCapture, options: RenderOptions, view: TreeView = {}): string {
  const { status } = capture;
  const sections = [
    renderOutcome(status, options),
    renderProcesses(status, options, view),
    renderCut(status, options, view),
    status.summary === undefined ? renderPhases(status, options) : renderRepeat(status, options),
    renderCounts(status, options),
    renderCmdlines(status, options),
    renderUnfrozen(status.unfrozen, options),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function renderOutcome(status: PodCaptureStatus, options: RenderOptions): string {
  // Cutting a message could hide the one word that explains it, so width does not apply to conditions.
  const lines = status.conditions
    .filter(({ type, status: its }) => type === 'Succeeded' || (type === 'Released' && its !== 'True'))
    .map((condition) => renderLine(describeCondition(condition), { color: options.color }));
  const [only, ...others] = status.containers;
  if (only !== undefined && others.length === 0) lines.push(renderLine(describeContainer(only), options));
  return lines.map((line) => `${line}\n`).join('');
}

function describeCondition({ status, reason, message }: Condition): Span[] {
  const good = status === 'True' && SUCCESS_REASONS.some((known) => known === reason);
  return [
    span(`${good ? '✔' : '✘'} ${reason}`, good ? 'green' : 'red'),
    ...(message === '' ? [] : [span(`: ${message}`, good ? undefined : 'bold')]),
  ];
}

function renderCounts(status: PodCaptureStatus, options: RenderOptions): string {
  const { processes, threads, stopped, zombies, joined, unfrozen } = status;
  const counts = { processes, threads, stopped, zombies, joined, unfrozen: unfrozen.length };
  const columns = Object.keys(counts).map((name): Column => ({ header: name.toUpperCase(), align: 'right' }));
  return renderTable(columns, [{ cells: Object.values(counts).map((count) => [span(String(count))]) }], options);
}

/** Counts the command lines that are cut or missing, by reason. Returns nothing when all of them are whole. */
function renderCmdlines({ cmdlines }: PodCaptureStatus, options: RenderOptions): string {
  if (cmdlines === undefined) return '';
  const { whole, cut } = cmdlines;
  const unread = Object.entries(cmdlines.unread);
  if (cut === 0 && unread.length === 0) return '';
  const counts = [
    ['COMMAND LINES WHOLE', whole],
    ['CUT', cut],
    ...unread.map(([why, count]) => [`NOT READ: ${why}`, count] as const),
  ] as const;
  const columns = counts.map(([header]): Column => ({ header, align: 'right' }));
  return renderTable(columns, [{ cells: counts.map(([, count]) => [span(String(count))]) }], options);
}

/** Number of frames of a kernel stack that are shown, the innermost first. `-o json` has all of them. */
const SHOWN_FRAMES = 4;

function renderUnfrozen(unfrozen: readonly UnfrozenTask[], options: RenderOptions): string {
  if (unfrozen.length === 0) return '';
  const columns = ['TID', 'UNFROZEN TASK', 'STATE', 'CAUSE', 'WAIT CHANNEL', 'KERNEL STACK'].map(
    (header, index): Column => ({
      header,
      align: index === 0 ? 'right' : 'left',
    }),
  );
  const rows = unfrozen.map(({ tid, comm, state, cause, waitChannel, stack = [] }) => ({
    cells: [
      [span(String(tid))],
      [span(quoteOdd(comm), 'bold')],
      [span(state)],
      [span(cause, 'yellow')],
      [span(waitChannel === '' ? '-' : waitChannel, 'dim')],
      [span(stack.length === 0 ? '-' : stack.slice(0, SHOWN_FRAMES).join(' ← '), 'dim')],
    ],
  }));
  return renderTable(columns, rows, options);
}
