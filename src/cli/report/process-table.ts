/** The processes as a plain table, for paper and for a browser without scripts. Pure. */
import { element, join, table, type Html } from './html.js';
import type { PageData, PageProcess } from './page-data.js';
import { code, count } from './summary.js';

/** About 25 sheets of paper. */
export const MAX_PRINTED = 1000;
/** Levels that are drawn. A chain of 10,000 forks would leave no room for names. */
const MAX_LEVELS = 16;

export function processTable(data: PageData): Html {
  const { processes, groups, marks } = data;
  if (processes.length === 0) return element('p', {}, 'The capture has no process.');
  const shown = processes.slice(0, MAX_PRINTED);
  const isUnusual = ({ marks: own }: PageProcess): boolean => own.some((mark) => marks[mark]?.unusual === true);
  const hidden = processes.slice(MAX_PRINTED);
  const rows = shown.map((process) => {
    const { depth, comm, exe, pid, threads, user, stateText, cmdline, group } = process;
    return [
      join([
        element('span', { class: 'lines' }, indent(depth)),
        element('strong', {}, code(comm)),
        exe === undefined ? undefined : join([' ', element('span', { class: 'quiet' }, code(exe))]),
        cmdline === undefined ? undefined : element('div', { class: 'words' }, code(start(cmdline))),
      ]),
      ...(groups.length > 1 ? [groups[group] ?? ''] : []),
      String(pid),
      String(threads.length),
      user,
      stateText === '' ? 'alive' : stateText,
      element('span', {}, marksText(data, process)),
    ];
  });
  const headings = ['Process', ...(groups.length > 1 ? ['Container'] : []), 'PID', 'Threads', 'User', 'State', 'Marks'];
  return join([
    hidden.length === 0
      ? undefined
      : element(
          'p',
          { class: 'warning' },
          `This table has the first ${count(MAX_PRINTED)} of ${count(processes.length)} processes. Of the others, ${count(hidden.filter(isUnusual).length)} are unusual; the tree on the screen has all of them.`,
        ),
    table('Processes', headings, rows),
  ]);
}

function indent(depth: number): string {
  if (depth === 0) return '';
  return depth > MAX_LEVELS ? `${'· '.repeat(MAX_LEVELS)}(${depth} deep) ` : '· '.repeat(depth);
}

function start(cmdline: string): string {
  return cmdline.length <= 200 ? cmdline : `${cmdline.slice(0, 200)}…`;
}

function marksText({ marks }: PageData, { marks: own }: PageProcess): string {
  return own
    .flatMap((index) => marks[index] ?? [])
    .filter(({ unusual }) => unusual)
    .map(({ title, detail }) => (detail === undefined ? title : `${title}: ${detail}`))
    .join('; ');
}
