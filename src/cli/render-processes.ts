/** Renders the process tree of a capture, and says what of it is not shown. Pure. */
import type { ContainerCapture, PodCaptureStatus } from '../api/podcapture.js';
import { groupByContainer } from './render-containers.js';
import type { ContainerGroup } from './render-containers.js';
import { clip } from './render-escape.js';
import { renderLine, span } from './render-line.js';
import type { RenderOptions, Span } from './render-line.js';
import { describeAncestor, describeProcess, describeUid } from './render-process.js';
import { renderTable } from './render-table.js';
import type { Column, TableRow } from './render-table.js';
import { threadLines } from './render-threads.js';
import { matcher, selectRows, type SelectedRow, type TreeView } from './tree-selection.js';

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

/** Length at which the filter is cut where it is repeated. */
const LONGEST_FILTER = 80;

type Tree = Pick<PodCaptureStatus, 'tree' | 'containers' | 'processes' | 'truncated' | 'artifact'>;

interface SelectedGroup {
  readonly group: ContainerGroup;
  readonly rows: readonly SelectedRow[];
}

export function renderProcesses(status: Tree, options: RenderOptions, view: TreeView): string {
  if (status.tree.length === 0) return '';
  const groups = select(status, options, view);
  const rows =
    status.containers.length > 1
      ? groups.flatMap(({ group, rows: its }, index) => [
          ...(index === 0 ? [] : [{ heading: [] }]),
          { heading: describeGroup(group) },
          ...processRows(its, view),
        ])
      : groups.flatMap(({ rows: its }) => processRows(its, view));
  const table = renderTable(PROCESS_COLUMNS, rows, options);
  return `${table}${renderSelection(status.tree, groups, options, view)}`;
}

/** The number of processes in the status that the filter finds. */
export function countMatches({ tree }: Pick<PodCaptureStatus, 'tree'>, filter: string): number {
  return tree.filter(matcher(filter)).length;
}

/** With a filter, a container without a match is left out. */
function select({ tree, containers }: Tree, options: RenderOptions, view: TreeView): SelectedGroup[] {
  const levels = options.width === undefined ? MAX_DEPTH : Math.floor((options.width - RESERVED_COLUMNS) / 3);
  const maxDepth = Math.min(Math.max(levels, 4), MAX_DEPTH);
  const groups = containers.length > 1 ? groupByContainer(containers, tree) : [{ rows: tree }];
  return groups
    .map((group) => ({ group, rows: selectRows(group.rows, maxDepth, view) }))
    .filter(({ rows }) => view.filter === undefined || rows.length > 0);
}

function processRows(rows: readonly SelectedRow[], { threads = false }: TreeView): TableRow[] {
  return rows.flatMap((selected) => {
    const { row, prefix, matches, hidden } = selected;
    const below = hidden === 0 ? [] : [span(`  (+${hidden} below)`, 'dim')];
    const described = matches ? describeProcess(row) : describeAncestor(row);
    const line: TableRow = {
      cells: [
        [span(String(row.pid))],
        [span(String(row.threads.length))],
        [span(describeUid(row))],
        [span(prefix, 'dim'), ...described, ...below],
      ],
    };
    return threads && matches ? [line, ...threadLines(selected)] : [line];
  });
}

/** Says how many processes match, and how many are too deep. */
function renderSelection(
  tree: Tree['tree'],
  groups: readonly SelectedGroup[],
  options: RenderOptions,
  { filter, depth }: TreeView,
): string {
  const lines: string[] = [];
  if (filter !== undefined) {
    const ancestors = groups.some(({ rows }) => rows.some(({ matches }) => !matches));
    const found = countMatches({ tree }, filter);
    lines.push(
      `${found} of ${plural(tree.length, 'process', 'processes')} ${found === 1 ? 'matches' : 'match'} "${clip(filter, LONGEST_FILTER)}"${ancestors ? '; (in parentheses): their ancestors' : ''}`,
    );
  }
  const hidden = groups.reduce((sum, { rows }) => sum + rows.reduce((some, row) => some + row.hidden, 0), 0);
  if (hidden > 0) lines.push(`${plural(hidden, 'process is', 'processes are')} below --depth ${depth} and not shown`);
  if (lines.length === 0) return '';
  return `\n${lines.map((line) => `${renderLine([span(line, 'dim')], { color: options.color })}\n`).join('')}`;
}

/** Says that the status has only a part of the tree, and where the whole is. */
export function renderCut(status: Tree, options: RenderOptions, { filter, depth, whole }: TreeView): string {
  const { truncated, tree, processes, artifact } = status;
  if (truncated !== true) return '';
  const searched = filter === undefined && depth === undefined ? '' : ' Only this part was searched.';
  const where = artifact === undefined ? '' : '. The artifact has the whole tree:';
  const shown =
    whole === undefined
      ? `${tree.length} of ${plural(processes, 'process', 'processes')} are shown${where}`
      : `The status has ${partOf(tree.length, processes)}.${searched}${artifact === undefined ? '' : ' To get the whole tree:'}`;
  const text = [renderLine([span(shown, 'yellow')], whole === undefined ? options : { color: options.color })];
  // Cutting the command could make another one of it, so width does not apply.
  if (artifact !== undefined) text.push(renderLine([span(whole ?? artifact.command)], { color: options.color }));
  return text.map((line) => `${line}\n`).join('');
}

function partOf(count: number, processes: number): string {
  return count < processes
    ? `only ${count} of ${plural(processes, 'process', 'processes')}`
    : 'every process, and not every thread or not the whole of each path';
}

function describeGroup({ container, rows }: ContainerGroup): Span[] {
  if (container === undefined) return [span('in none of these cgroups', 'bold')];
  const counts = `  ${plural(container.processes, 'process', 'processes')}, ${plural(container.threads, 'thread')}`;
  return [...describeContainer(container), span(rows.length === 0 ? '  no process' : counts, 'dim')];
}

export function describeContainer(container: ContainerCapture): Span[] {
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

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
