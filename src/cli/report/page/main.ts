/** The script of the page: wires the fields of the search, the tree and the details. */
import type { PageData } from '../page-data.js';
import { describeMatches, EVERYTHING, findMatches, searchTexts, type Wanted } from '../tree-filter.js';
import { makeNodes, withParents } from '../tree-nodes.js';
import { showDetails, showGroup } from './details.js';
import { byId, make } from './dom.js';
import { listen } from './keyboard.js';
import { TreeView } from './tree-view.js';

/** In milliseconds after the page was drawn. */
const IDLE = 300;

const FILTERS = ['state', 'group', 'user', 'mark'] as const;

start(JSON.parse(byId('data').textContent) as PageData);

function start(data: PageData): void {
  document.documentElement.classList.add('scripted');
  if (data.processes.length === 0) {
    byId('explorer').replaceChildren(make('p', {}, 'The capture has no process.'));
    return;
  }
  const nodes = makeNodes(data);
  const details = byId('details');
  const tree = new TreeView(byId('tree'), data, nodes, (node) => {
    const process = data.processes[nodes.process[node] ?? -1];
    const group = nodes.group[node] ?? 0;
    if (process !== undefined) showDetails(details, data, process);
    else showGroup(details, data.groups[group] ?? '', (nodes.end[node] ?? 0) - node - 1);
  });
  listen(tree, data, nodes, details);
  tree.activate(0);

  const search = byId('search') as HTMLInputElement;
  const selects = FILTERS.flatMap((name) => {
    const select = document.getElementById(name);
    return select instanceof HTMLSelectElement ? [[name, select] as const] : [];
  });
  let texts: readonly string[] | undefined;
  const filter = (): void => {
    const chosen = Object.fromEntries(selects.map(([name, select]) => [name, select.value]));
    const wanted: Wanted = { ...EVERYTHING, ...chosen, search: search.value };
    texts ??= searchTexts(data);
    const matches = findMatches(data, texts, wanted);
    byId('matches').textContent = describeMatches(matches, data.processes.length);
    tree.show(matches, matches === undefined ? undefined : withParents(nodes, matches));
  };
  const clear = (): void => {
    search.value = '';
    for (const [, select] of selects) select.selectedIndex = 0;
    filter();
  };
  search.addEventListener('input', filter);
  for (const [, select] of selects) select.addEventListener('change', filter);
  byId('clear').addEventListener('click', clear);
  byId('fold').addEventListener('click', () => tree.setFolded(nodes.parent.keys(), true));
  byId('unfold').addEventListener('click', () => tree.setFolded(nodes.parent.keys(), false));
  search.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'Enter') tree.place.focus();
    else if (event.key === 'Escape') clear();
    else return;
    event.preventDefault();
  });
  document.addEventListener('keydown', (event) => {
    const isField = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key !== '/' || isField || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
  linkKinds((kind) => {
    clear();
    const select = byId('mark') as HTMLSelectElement;
    select.value = kind;
    filter();
    byId('processes').scrollIntoView();
    tree.place.focus({ preventScroll: true });
  });
  byId('matches').textContent = describeMatches(undefined, data.processes.length);
  // The first letter of a search then finds the texts ready.
  setTimeout(() => (texts ??= searchTexts(data)), IDLE);
}

/** Makes each mark in the table of marks a button that shows the processes with it. */
function linkKinds(onChoice: (kind: string) => void): void {
  for (const mark of document.querySelectorAll<HTMLElement>('#unusual [data-kind]')) {
    const kind = mark.dataset['kind'] ?? '';
    const attributes = { type: 'button', class: mark.className, 'data-kind': kind, title: 'Show these processes' };
    const button = make('button', attributes, mark.textContent);
    button.addEventListener('click', () => onChoice(kind));
    mark.replaceWith(button);
  }
}
