/** Renders a capture for people: the outcome, the process tree, the phases, the counts. Pure. */
import { SUCCESS_REASONS } from '../api/reasons.js';
import type { Condition, ContainerCapture, PodCapture, PodCaptureStatus, UnfrozenTask } from '../api/podcapture.js';
import { groupByContainer } from './render-containers.js';
import type { ContainerGroup } from './render-containers.js';
import { placeForest } from './render-forest.js';
import { renderLine, span } from './render-line.js';
import type { RenderOptions, Span } from './render-line.js';
import { renderPhases } from './render-phases.js';
import { describeProcess, describeUid, quoteOdd } from './render-process.js';
import { renderRepeat } from './render-repeat.js';
import { renderTable } from './render-table.js';
import type { Column, TableRow } from './render-table.js';

const PROCESS_COLUMNS: readonly Column[] = [
  { header: 'PID', align: 'right' },
  { header: 'THREADS', align: 'right' },
  { header: 'UID', align: 'right' },
  { header: 'PROCESS', align: 'left' },
];

/** Number of levels that are indented. Each level takes three columns. */
const MAX_DEPTH = 32;

/** Number of columns for the ids and the name of a process, beside the lines of the tree. */
const RESERVED_COLUMNS = 48;

/**
 * Renders a capture for a terminal or a log; with `--repeat` the distributions take the place of the phases. Every
 * line ends in a newline. Text that came from the captured processes is escaped. Takes time in proportion to the number
 * of processes and threads.
 */
export function renderTree(capture: PodCapture, options: RenderOptions): string {
  const { status } = capture;
  const sections = [
    renderOutcome(status, options),
    renderProcesses(status, options),
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

function describeContainer(container: ContainerCapture): Span[] {
  const { name, containerID, cgroupPath, cgroupVersion, freezer, wasFrozen } = container;
  const known = name ?? containerID;
  const how = freezer === 'None' ? 'without freezer' : `freezer ${freezer.toLowerCase()}`;
  return [
    ...(known === undefined ? [] : [span(`container ${known}`, 'bold')]),
    // People know a container by its name in the pod. The path of such a container has 200 characters.
    ...(name === undefined
      ? [span(`${known === undefined ? '' : '  '}${cgroupPath}`, known === undefined ? 'bold' : undefined)]
      : []),
    span(`  cgroup ${cgroupVersion.toLowerCase()}, ${how}`, 'dim'),
    ...(wasFrozen ? [span('  found frozen, left frozen', 'yellow')] : []),
  ];
}

function renderProcesses(status: PodCaptureStatus, options: RenderOptions): string {
  if (status.tree.length === 0) return '';
  const levels = options.width === undefined ? MAX_DEPTH : Math.floor((options.width - RESERVED_COLUMNS) / 3);
  const maxDepth = Math.min(Math.max(levels, 4), MAX_DEPTH);
  const rows =
    status.containers.length > 1
      ? groupByContainer(status.containers, status.tree).flatMap((group, index) => [
          ...(index === 0 ? [] : [{ heading: [] }]),
          { heading: describeGroup(group) },
          ...processRows(group.rows, maxDepth),
        ])
      : processRows(status.tree, maxDepth);
  return renderTable(PROCESS_COLUMNS, rows, options);
}

function describeGroup({ container, rows }: ContainerGroup): Span[] {
  if (container === undefined) return [span('in none of these cgroups', 'bold')];
  const counts = `  ${plural(container.processes, 'process', 'processes')}, ${plural(container.threads, 'thread')}`;
  return [...describeContainer(container), span(rows.length === 0 ? '  no process' : counts, 'dim')];
}

function processRows(tree: PodCaptureStatus['tree'], maxDepth: number): TableRow[] {
  return placeForest(tree, maxDepth).map(({ row, prefix }) => ({
    cells: [
      [span(String(row.pid))],
      [span(String(row.threads.length))],
      [span(describeUid(row))],
      [span(prefix, 'dim'), ...describeProcess(row)],
    ],
  }));
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

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
