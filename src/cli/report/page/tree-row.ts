/** Draws one row of the tree. */
import type { PageData, PageProcess } from '../page-data.js';
import { hasChildren, type TreeNodes } from '../tree-nodes.js';
import { make } from './dom.js';

export const COLUMNS = ['Process', 'PID', 'Threads', 'User', 'Marks'] as const;

/** Deeper rows are not indented further; they say how deep they are. */
const MAX_LEVELS = 14;

export interface RowLook {
  readonly node: number;
  /** From 0, among the visible rows. */
  readonly row: number;
  readonly position: number;
  readonly size: number;
  readonly isFolded: boolean;
  readonly isActive: boolean;
  /** It is shown only because a process below it matches. */
  readonly isContext: boolean;
}

export function drawRow(data: PageData, nodes: TreeNodes, look: RowLook): HTMLElement {
  const { node, row, position, size, isFolded, isActive, isContext } = look;
  const level = nodes.level[node] ?? 1;
  const process = data.processes[nodes.process[node] ?? -1];
  const opens = hasChildren(nodes, node);
  return make(
    'div',
    {
      role: 'row',
      id: `row-${node}`,
      class: `row${isContext ? ' context' : ''}${process === undefined ? ' heading' : ''}`,
      'data-node': node,
      'aria-level': level,
      'aria-posinset': position,
      'aria-setsize': size,
      'aria-rowindex': row + 2,
      'aria-selected': String(isActive),
      ...(opens ? { 'aria-expanded': String(!isFolded) } : {}),
    },
    ...(process === undefined
      ? [nameCell(level, opens, isFolded, 'container', data.groups[nodes.group[node] ?? 0] ?? '')]
      : processCells(data, process, level, opens, isFolded)),
  );
}

function processCells(
  data: PageData,
  process: PageProcess,
  level: number,
  opens: boolean,
  isFolded: boolean,
): HTMLElement[] {
  const { comm, exe, cmdline, pid, threads, user } = process;
  return [
    nameCell(level, opens, isFolded, '', comm, cmdline ?? exe),
    cell(String(pid), 'number'),
    cell(String(threads.length), 'number wide'),
    cell(user, 'number wide'),
    marksCell(data, process),
  ];
}

function nameCell(
  level: number,
  opens: boolean,
  isFolded: boolean,
  before: string,
  name: string,
  rest?: string,
): HTMLElement {
  const indent = make('span', { class: 'indent' });
  // Styles that a script sets are not subject to the policy of the page; attributes of style are.
  indent.style.width = `${(Math.min(level, MAX_LEVELS) - 1) * 16}px`;
  return make(
    'span',
    { role: 'gridcell', class: 'name' },
    indent,
    make('span', { class: opens ? `twisty ${isFolded ? 'folded' : 'open'}` : 'twisty', 'aria-hidden': 'true' }),
    level > MAX_LEVELS ? make('span', { class: 'before quiet' }, `${level} deep`) : undefined,
    before === '' ? undefined : make('span', { class: 'before quiet' }, before),
    make('code', { class: 'comm' }, name),
    rest === undefined ? undefined : make('code', { class: 'rest quiet' }, rest.slice(0, 400)),
  );
}

function cell(text: string, kind: string): HTMLElement {
  return make('span', { role: 'gridcell', class: kind }, text);
}

/** The unusual ones in words as far as they fit; of the others, which are common, only the first where there is no unusual one. */
function marksCell(data: PageData, { marks }: PageProcess): HTMLElement {
  const all = marks.flatMap((index) => data.marks[index] ?? []);
  const unusual = all.filter((mark) => mark.unusual);
  const [first] = unusual.length > 0 ? unusual : all;
  const place = make('span', { role: 'gridcell', class: 'marks' });
  if (first === undefined) return place;
  place.append(make('span', { class: first.unusual ? 'mark unusual' : 'mark' }, first.title));
  if (unusual.length > 1) place.append(make('span', { class: 'more' }, `+${unusual.length - 1}`));
  return place;
}
