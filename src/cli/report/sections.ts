/** The sections of the page that are tables: what would not freeze, the containers, the conditions, the marks. Pure. */
import { causeWords } from './causes.js';
import { element, join, table, type Child, type Html } from './html.js';
import { MARK_KINDS, NOTE_KINDS } from './mark-kinds.js';
import { outcomeOf } from './outcome.js';
import type { PageData } from './page-data.js';
import type { ContainerFact, Facts, UnfrozenFact } from './read-capture.js';
import { code, count } from './summary.js';
import { containerName } from './tree-data.js';

const DRY_RUN = 'A dry run stops nothing. These tasks waited inside the kernel when it looked.';
const HELD =
  'These tasks were not brought to a stop. With VforkParent, Exiting and CoreDump that makes no difference, because the task ran no instruction of its program.';

/** A page with more rows would be slow to open. A real capture has not nearly as many containers or conditions. */
export const MAX_ROWS = 2000;

/** Makes a table of the first items, and says how many there are where that is not all of them. */
function tableOf<Item>(
  [caption, ...headings]: readonly [caption: string, ...headings: string[]],
  items: readonly Item[],
  rowOf: (item: Item) => readonly Child[],
): Html {
  const rows = items.slice(0, MAX_ROWS).map(rowOf);
  const cut = `This table has the first ${count(rows.length)} of ${count(items.length)} rows. The others are left out of this page.`;
  return join([
    rows.length === items.length ? undefined : element('p', { class: 'warning' }, cut),
    table(caption, headings, rows),
  ]);
}

export function unfrozenSection(facts: Facts, wholeTree: boolean): Html {
  const { unfrozen, truncated } = facts;
  const { reason, tone } = outcomeOf(facts);
  if (unfrozen.length === 0) {
    const isProved = tone === 'good' && reason === 'Captured';
    return element('p', {}, isProved ? 'Every task was brought to a stop.' : 'The capture names no such task.');
  }
  return join([
    element('p', {}, reason === 'DryRunPassed' ? DRY_RUN : HELD),
    truncated && !wholeTree
      ? element(
          'p',
          { class: 'warning' },
          'This capture is cut: there may be more such tasks. The artifact has all of them.',
        )
      : undefined,
    tableOf(
      ['Tasks that would not freeze', 'Task', 'Name', 'State', 'Cause', 'Waits in', 'Kernel stack, innermost first'],
      unfrozen,
      unfrozenRow,
    ),
  ]);
}

function unfrozenRow({ tid, comm, state, cause, waitChannel, stack }: UnfrozenFact): Child[] {
  const words = causeWords(cause);
  return [
    code(String(tid)),
    code(comm),
    state,
    join([
      element('strong', {}, cause),
      words === undefined ? undefined : element('p', {}, words.why),
      words === undefined ? undefined : element('p', {}, element('strong', {}, 'Do. '), words.todo),
    ]),
    waitChannel === '' ? 'none' : code(waitChannel),
    stack.length === 0 ? 'not shown by the kernel' : frames(stack),
  ];
}

function frames(stack: readonly string[]): Html {
  return element('ol', { class: 'frames' }, join(stack.map((frame) => element('li', {}, code(frame)))));
}

export function containersSection({ containers }: Facts): Html {
  if (containers.length === 0) return element('p', {}, 'The capture names no container.');
  const headings = ['Container', 'Cgroup', 'Freezer', 'Was found', 'Processes', 'Threads', 'Cgroup path'];
  return tableOf(['Containers', ...headings], containers, containerRow);
}

function containerRow(container: ContainerFact): Child[] {
  const { containerID, cgroupPath, cgroupVersion, freezer, wasFrozen, processes, threads } = container;
  return [
    containerName(container),
    cgroupVersion.toLowerCase(),
    freezer === 'None' ? 'none: task by task' : freezer.toLowerCase(),
    wasFrozen ? element('strong', { class: 'warn' }, 'found frozen, left frozen') : 'running',
    processes === undefined ? '?' : count(processes),
    threads === undefined ? '?' : count(threads),
    join([
      element('p', {}, code(cgroupPath)),
      containerID === undefined ? undefined : element('p', { class: 'quiet' }, 'ID ', code(containerID)),
    ]),
  ];
}

export function conditionsSection({ conditions }: Facts): Html {
  if (conditions.length === 0) return element('p', {}, 'The capture has no conditions.');
  return tableOf(
    ['Conditions', 'Condition', 'Status', 'Reason', 'Message', 'Since'],
    conditions,
    ({ type, status, reason, message, time }) => [type, status, code(reason), message, time],
  );
}

const KIND_ORDER: readonly string[] = [...Object.keys(MARK_KINDS), ...Object.keys(NOTE_KINDS)];

/** Each kind of mark that this capture has: how many processes, and why it matters. */
export function marksSection({ processes, marks }: PageData): Html {
  const kinds = new Map<string, { title: string; why: string; unusual: boolean; pids: Set<number> }>();
  processes.forEach((process, index) => {
    for (const mark of process.marks) {
      const known = marks[mark];
      if (known === undefined) continue;
      const kind = kinds.get(known.kind) ?? { ...known, pids: new Set<number>() };
      kind.pids.add(index);
      kinds.set(known.kind, kind);
    }
  });
  if (kinds.size === 0) return element('p', {}, 'No rule found anything unusual about a process.');
  const rows = [...kinds]
    .sort(([one], [other]) => KIND_ORDER.indexOf(one) - KIND_ORDER.indexOf(other))
    .map(([kind, { title, why, unusual, pids }]) => [
      element('span', { class: unusual ? 'mark unusual' : 'mark', 'data-kind': kind }, title),
      element('span', { class: 'number' }, count(pids.size)),
      why,
    ]);
  return join([
    table('What is unusual', ['Mark', 'Processes', 'Why to look'], rows),
    element(
      'p',
      { class: 'quiet' },
      'A mark is a reason to look, and not a verdict. Grey marks are common, and do not make a process unusual.',
    ),
  ]);
}
