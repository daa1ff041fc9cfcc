/** The details of the selected process. */
import type { PageData, PageMark, PageProcess, PageThread, Profile } from '../page-data.js';
import { make, type Content } from './dom.js';

/** Threads that are listed. A process may have thousands. */
const MAX_THREADS = 200;

export function showDetails(place: HTMLElement, data: PageData, process: PageProcess): void {
  const profile = data.profiles[process.profile];
  const marks = process.marks.flatMap((index) => data.marks[index] ?? []);
  place.replaceChildren(
    make('h3', { tabindex: -1 }, make('code', {}, process.comm), ` ${process.pid}`),
    ...(marks.length === 0 ? [] : [marksList(marks)]),
    facts(data, process, profile),
    ...(profile === undefined ? [] : [credentials(profile), capabilities(profile), namespaces(profile)]),
    threads(process.threads),
  );
  place.scrollTop = 0;
}

/** The heading of a container is selected. */
export function showGroup(place: HTMLElement, name: string, count: number): void {
  const text = `${count} ${count === 1 ? 'process' : 'processes'} of this container are in the capture.`;
  place.replaceChildren(make('h3', { tabindex: -1 }, 'Container ', make('code', {}, name)), make('p', {}, text));
}

function marksList(marks: readonly PageMark[]): HTMLElement {
  const items = marks.map(({ title, detail, why, unusual }) =>
    make(
      'li',
      {},
      make('span', { class: unusual ? 'mark unusual' : 'mark' }, title),
      detail === undefined ? undefined : make('code', { class: 'words' }, detail),
      make('p', {}, why),
    ),
  );
  return make('ul', { class: 'marks', 'aria-label': 'Marks' }, ...items);
}

function facts(data: PageData, process: PageProcess, profile: Profile | undefined): HTMLElement {
  const { exe, cmdline, cmdlineNote, stateText, user, ppid, pgid, sid, startTime, nsPids, group } = process;
  const pairs: readonly (readonly [string, Content])[] = [
    ['Program', exe === undefined ? 'not known' : code(exe)],
    ['Command line', cmdline === undefined ? undefined : code(cmdline, 'long')],
    ['About that', cmdlineNote],
    ['State', stateText === '' ? 'alive' : stateText],
    ['Container', data.groups[group]],
    ['User', user],
    ['Parent', String(ppid)],
    ['Group, session', `${pgid}, ${sid}`],
    ['PID by namespace', nsPids.length === 0 ? undefined : `${nsPids.join(' → ')} (outermost first)`],
    ['Started', startTime],
    ['no_new_privs', profile === undefined ? undefined : profile.noNewPrivileges ? 'set' : 'not set'],
    ['Seccomp', profile?.seccomp],
    ['Cgroup', profile === undefined ? undefined : code(profile.cgroup)],
  ];
  const known = pairs.filter(([, value]) => value !== undefined);
  return make('dl', {}, ...known.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
}

function code(text: string, kind = ''): HTMLElement {
  return make('code', { class: `words ${kind}`.trim() }, text);
}

function credentials({ ids, idColumns }: Profile): HTMLElement {
  const head = make('tr', {}, make('td'), ...idColumns.map((name) => make('th', { scope: 'col' }, name)));
  const rows = ids.map(([name, ...numbers]) =>
    make('tr', {}, make('th', { scope: 'row' }, name), ...numbers.map((id) => make('td', {}, String(id)))),
  );
  return make('div', {}, make('h4', {}, 'Credentials'), make('table', { class: 'ids' }, head, ...rows));
}

function capabilities({ capabilities: sets }: Profile): HTMLElement {
  const lines = sets.map(({ set, hexadecimal, names, beyond }) =>
    make(
      'div',
      {},
      make('dt', {}, set),
      make('dd', {}, ...namesOf(names, beyond), make('code', { class: 'quiet' }, hexadecimal)),
    ),
  );
  return make(
    'div',
    {},
    make('h4', {}, 'Capabilities'),
    make('dl', { class: 'sets' }, ...lines),
    make('p', { class: 'quiet' }, 'Underlined: beyond the default of containerd and Docker.'),
  );
}

function namesOf(names: readonly string[], beyond: readonly string[]): Content[] {
  if (names.length === 0) return ['none '];
  return names.flatMap((name) => [beyond.includes(name) ? make('strong', { class: 'beyond' }, name) : name, ' ']);
}

function namespaces({ namespaces: all }: Profile): HTMLElement {
  const items = all.map(({ name, inode, differs }) =>
    make(
      'div',
      {},
      make('dt', {}, name),
      make(
        'dd',
        {},
        make('code', {}, String(inode)),
        differs ? make('strong', { class: 'warn' }, ' not that of most here') : undefined,
      ),
    ),
  );
  const list = all.length === 0 ? make('p', {}, 'not read') : make('dl', { class: 'sets' }, ...items);
  return make('div', {}, make('h4', {}, 'Namespaces'), list);
}

function threads(all: readonly PageThread[]): HTMLElement {
  const different = all.filter(([, , ...notes]) => notes.length > 0);
  const shown = [...different, ...all.filter(([, , ...notes]) => notes.length === 0)].slice(0, MAX_THREADS);
  const items = shown.map(([tid, comm, ...notes]) =>
    make(
      'li',
      {},
      `${tid} `,
      make('code', {}, comm),
      notes.length === 0 ? undefined : make('strong', { class: 'warn' }, ` ${notes.join('; ')}`),
    ),
  );
  const rest = all.length - shown.length;
  return make(
    'div',
    {},
    make('h4', {}, `${all.length} ${all.length === 1 ? 'thread' : 'threads'}`),
    make('ul', { class: 'threads' }, ...items),
    rest === 0
      ? undefined
      : make('p', { class: 'quiet' }, `${rest} more, which differ from the process in nothing but the name.`),
  );
}
