/** The keys and clicks of the tree, by the treegrid pattern of WAI-ARIA. */
import type { PageData } from '../page-data.js';
import { hasChildren, type TreeNodes } from '../tree-nodes.js';
import type { TreeView } from './tree-view.js';

/** In milliseconds: letters that follow sooner belong to one word. */
const WORD_PAUSE = 700;

export function listen(tree: TreeView, data: PageData, nodes: TreeNodes, details: HTMLElement): void {
  let typed = '';
  let typedAt = 0;
  const typeAhead = (letter: string, now: number): void => {
    typed = now - typedAt > WORD_PAUSE ? letter : typed + letter;
    typedAt = now;
    const found = findByName(tree, data, nodes, typed.toLowerCase());
    if (found !== undefined) tree.activate(found);
  };
  tree.place.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') details.querySelector<HTMLElement>('h3')?.focus();
    else if (!move(tree, nodes, event.key)) {
      if (event.key.length !== 1 || event.key === '/') return;
      typeAhead(event.key, event.timeStamp);
    }
    event.preventDefault();
  });
  details.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') tree.place.focus();
  });
  tree.place.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : undefined;
    const node = Number(target?.closest('[data-node]')?.getAttribute('data-node') ?? '-1');
    if (node < 0) return;
    if (target?.classList.contains('twisty') === true) tree.setFolded([node], !tree.isFolded(node));
    tree.activate(node);
  });
  tree.place.addEventListener('dblclick', () => tree.setFolded([tree.active], !tree.isFolded(tree.active)));
}

/** False for a key that does not move. */
function move(tree: TreeView, nodes: TreeNodes, key: string): boolean {
  const { nodes: rows, active } = tree;
  const row = rows.indexOf(active);
  const go = (to: number): true => {
    const node = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    if (node !== undefined) tree.activate(node);
    return true;
  };
  const opens = hasChildren(nodes, active);
  switch (key) {
    case 'ArrowDown':
      return go(row + 1);
    case 'ArrowUp':
      return go(row - 1);
    case 'Home':
      return go(0);
    case 'End':
      return go(rows.length - 1);
    case 'PageDown':
      return go(row + tree.pageRows);
    case 'PageUp':
      return go(row - tree.pageRows);
    case 'ArrowRight':
      if (opens && tree.isFolded(active)) tree.setFolded([active], false);
      else if (opens) go(row + 1);
      return true;
    case 'ArrowLeft':
      if (opens && !tree.isFolded(active)) tree.setFolded([active], true);
      else if ((nodes.parent[active] ?? -1) >= 0) tree.activate(nodes.parent[active] ?? 0);
      return true;
    case '*':
      tree.setFolded(siblings(nodes, active), false);
      return true;
    default:
      return false;
  }
}

function siblings(nodes: TreeNodes, node: number): number[] {
  const parent = nodes.parent[node];
  return [...nodes.parent.keys()].filter((other) => nodes.parent[other] === parent);
}

/** The next visible row, from the active one on and around, whose name begins so. */
function findByName(tree: TreeView, data: PageData, nodes: TreeNodes, start: string): number | undefined {
  const rows = [...tree.nodes];
  const at = rows.indexOf(tree.active) + (start.length === 1 ? 1 : 0);
  return [...rows.slice(at), ...rows.slice(0, at)].find((node) => {
    const process = data.processes[nodes.process[node] ?? -1];
    const name = process?.comm ?? data.groups[nodes.group[node] ?? 0] ?? '';
    return name.toLowerCase().startsWith(start);
  });
}
