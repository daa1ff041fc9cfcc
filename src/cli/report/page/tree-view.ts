/**
 * The tree on the screen: a treegrid of the WAI-ARIA patterns, of which only the rows in view are in the document, so that
 * 10,000 processes are as quick as ten. The focus stays on the tree, and aria-activedescendant names the active row.
 */
import type { PageData } from '../page-data.js';
import { hasChildren, visibleRows, type TreeNodes, type VisibleRows } from '../tree-nodes.js';
import { make } from './dom.js';
import { COLUMNS, drawRow } from './tree-row.js';

/** In pixels. The style sheet has the same height. */
const ROW_HEIGHT = 28;
/** Rows beyond the edges, so that a quick scroll shows no gap. */
const SPARE_ROWS = 12;

export class TreeView {
  readonly place: HTMLElement;
  readonly #data: PageData;
  readonly #nodes: TreeNodes;
  readonly #onActive: (node: number) => void;
  readonly #body = make('div', { role: 'rowgroup', class: 'body' });
  /** By node, 1 for a folded one: while everything is shown, and while a search is on. */
  readonly #folded: Uint8Array;
  #foldedInSearch: Uint8Array;
  #kept: Uint8Array | undefined;
  #matches: Uint8Array | undefined;
  #visible: VisibleRows;
  #active = 0;
  #drawn = new Map<number, HTMLElement>();
  #isWaiting = false;

  constructor(place: HTMLElement, data: PageData, nodes: TreeNodes, onActive: (node: number) => void) {
    this.place = place;
    this.#data = data;
    this.#nodes = nodes;
    this.#onActive = onActive;
    this.#folded = new Uint8Array(nodes.length);
    this.#foldedInSearch = new Uint8Array(nodes.length);
    this.#visible = visibleRows(nodes, this.#folded);
    const heads = COLUMNS.map((name, index) =>
      make(
        'span',
        { role: 'columnheader', class: index === 0 || name === 'PID' || name === 'Marks' ? '' : 'wide' },
        name,
      ),
    );
    const head = make('div', { role: 'row', class: 'row', 'aria-rowindex': 1 }, ...heads);
    place.parentElement?.style.setProperty('--rows', String(nodes.length));
    place.append(make('div', { role: 'rowgroup', class: 'head' }, head), this.#body);
    const attributes = {
      role: 'treegrid',
      tabindex: '0',
      'aria-label': 'Processes',
    };
    for (const [name, value] of Object.entries(attributes)) place.setAttribute(name, value);
    place.addEventListener('scroll', () => this.#drawSoon(), { passive: true });
    this.#refresh();
  }

  get active(): number {
    return this.#active;
  }

  get nodes(): Int32Array {
    return this.#visible.nodes;
  }

  /** Undefined shows everything. */
  show(matches: Uint8Array | undefined, kept: Uint8Array | undefined): void {
    this.#matches = matches;
    this.#kept = kept;
    this.#foldedInSearch = new Uint8Array(this.#nodes.length);
    this.#refresh();
    const { nodes } = this.#visible;
    const wanted =
      matches === undefined || this.#isMatch(this.#active) ? this.#active : nodes.find((node) => this.#isMatch(node));
    this.activate(wanted !== undefined && nodes.includes(wanted) ? wanted : (nodes[0] ?? 0));
  }

  isFolded(node: number): boolean {
    return this.#fold[node] === 1;
  }

  setFolded(nodes: Iterable<number>, isFolded: boolean): void {
    for (const node of nodes) if (hasChildren(this.#nodes, node)) this.#fold[node] = isFolded ? 1 : 0;
    // The active row may be inside what was folded.
    let active = this.#active;
    for (let above = this.#parent(active); above >= 0; above = this.#parent(above)) {
      if (this.isFolded(above)) active = above;
    }
    this.#refresh();
    this.activate(active);
  }

  /** Makes the node the active row, and brings it into view. */
  activate(node: number): void {
    const before = this.#active;
    this.#active = node;
    const row = this.#visible.nodes.indexOf(node);
    if (row >= 0) this.#bringIntoView(row);
    this.#drawn.get(before)?.setAttribute('aria-selected', 'false');
    this.#draw();
    this.#drawn.get(node)?.setAttribute('aria-selected', 'true');
    if (row >= 0) this.place.setAttribute('aria-activedescendant', `row-${node}`);
    else this.place.removeAttribute('aria-activedescendant');
    if (row >= 0) this.#onActive(node);
  }

  /** Rows that fit into the window of the tree. */
  get pageRows(): number {
    return Math.max(Math.floor(this.place.clientHeight / ROW_HEIGHT) - 2, 1);
  }

  get #fold(): Uint8Array {
    return this.#kept === undefined ? this.#folded : this.#foldedInSearch;
  }

  #parent(node: number): number {
    return this.#nodes.parent[node] ?? -1;
  }

  #isMatch(node: number): boolean {
    const process = this.#nodes.process[node] ?? -1;
    return process >= 0 && this.#matches?.[process] === 1;
  }

  #refresh(): void {
    this.#visible = visibleRows(this.#nodes, this.#fold, this.#kept);
    const count = this.#visible.nodes.length;
    this.#body.style.height = `${count * ROW_HEIGHT}px`;
    this.place.setAttribute('aria-rowcount', String(count + 1));
    this.#body.replaceChildren();
    this.#drawn = new Map();
    this.#draw();
  }

  #bringIntoView(row: number): void {
    const top = row * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.place;
    // The row of headings covers the first rows.
    const height = clientHeight - ROW_HEIGHT;
    if (top < scrollTop) this.place.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + height) this.place.scrollTop = top + ROW_HEIGHT - height;
  }

  #drawSoon(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.#draw();
    });
  }

  /** Puts the rows in view into the document, and takes the others out. The active row always stays. */
  #draw(): void {
    const { nodes, position, size } = this.#visible;
    const first = Math.max(Math.floor(this.place.scrollTop / ROW_HEIGHT) - SPARE_ROWS, 0);
    const last = Math.min(first + Math.ceil(this.place.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS, nodes.length);
    const wanted = new Map<number, number>();
    for (let row = first; row < last; row += 1) wanted.set(nodes[row] ?? 0, row);
    const activeRow = nodes.indexOf(this.#active);
    if (activeRow >= 0) wanted.set(this.#active, activeRow);
    for (const [node, element] of this.#drawn) {
      if (wanted.has(node)) continue;
      element.remove();
      this.#drawn.delete(node);
    }
    const order = [...wanted].sort(([, one], [, other]) => one - other);
    let before: HTMLElement | undefined;
    for (const [node, row] of order) {
      const known = this.#drawn.get(node);
      const element = known ?? this.#make(node, row, position[row] ?? 1, size[row] ?? 1);
      // A reader of screens goes by the order in the document.
      if (known === undefined) {
        if (before === undefined) this.#body.prepend(element);
        else before.after(element);
      }
      before = element;
    }
  }

  #make(node: number, row: number, position: number, size: number): HTMLElement {
    const isContext = this.#matches !== undefined && !this.#isMatch(node);
    const isActive = node === this.#active;
    const look = { node, row, position, size, isFolded: this.isFolded(node), isActive, isContext };
    const element = drawRow(this.#data, this.#nodes, look);
    element.style.transform = `translateY(${row * ROW_HEIGHT}px)`;
    this.#drawn.set(node, element);
    return element;
  }
}
