/**
 * The tree as the page's script walks it: nodes in the order of the tree, each with its parent and the end of its branch, and
 * which of them are visible. Everything takes time in proportion to the number of nodes, and nothing recurses. Pure.
 */
import type { PageData } from './page-data.js';

export interface TreeNodes {
  readonly length: number;
  /** By node: the process, or -1 for the heading of a container. */
  readonly process: Int32Array;
  /** By node: the container. */
  readonly group: Int32Array;
  /** By node: 1 for a root. */
  readonly level: Int32Array;
  /** By node: the parent, or -1. */
  readonly parent: Int32Array;
  /** By node: the first node after it that is not below it. */
  readonly end: Int32Array;
}

export interface VisibleRows {
  /** The nodes, in order. */
  readonly nodes: Int32Array;
  /** By row: which of its siblings it is, from 1. */
  readonly position: Int32Array;
  /** By row: how many siblings there are, itself included. */
  readonly size: Int32Array;
}

export function makeNodes({ processes, groups }: Pick<PageData, 'processes' | 'groups'>): TreeNodes {
  const headings = groups.length > 1;
  const length = processes.length + (headings ? groups.length : 0);
  const make = (): Int32Array => new Int32Array(length).fill(-1);
  const nodes = { length, process: make(), group: make(), level: make(), parent: make(), end: make() };
  const open: number[] = [];
  let at = 0;
  const add = (level: number, process: number, group: number): void => {
    // A damaged depth may skip levels.
    while (open.length > 0 && (nodes.level[open.at(-1) ?? 0] ?? 0) >= level) nodes.end[open.pop() ?? 0] = at;
    nodes.process[at] = process;
    nodes.group[at] = group;
    nodes.level[at] = level;
    nodes.parent[at] = open.at(-1) ?? -1;
    open.push(at);
    at += 1;
  };
  let next = 0;
  groups.forEach((_, group) => {
    if (headings) add(1, -1, group);
    for (; next < processes.length && processes[next]?.group === group; next += 1) {
      add((processes[next]?.depth ?? 0) + (headings ? 2 : 1), next, group);
    }
  });
  for (const node of open) nodes.end[node] = at;
  return nodes;
}

/** The nodes that match, and those above them, without which nobody sees where a process belongs. */
export function withParents(nodes: TreeNodes, matches: Uint8Array): Uint8Array {
  const kept = new Uint8Array(nodes.length);
  for (let node = nodes.length - 1; node >= 0; node -= 1) {
    const process = nodes.process[node] ?? -1;
    if (process >= 0 && matches[process] === 1) kept[node] = 1;
    const parent = nodes.parent[node] ?? -1;
    if (kept[node] === 1 && parent >= 0) kept[parent] = 1;
  }
  return kept;
}

/** Without `kept`, every node that is not below a folded one. */
export function visibleRows(nodes: TreeNodes, folded: Uint8Array, kept?: Uint8Array): VisibleRows {
  const rows: number[] = [];
  const positions: number[] = [];
  /** By parent, which is -1 for a root. */
  const counts = new Int32Array(nodes.length + 1);
  for (let node = 0; node < nodes.length;) {
    const end = nodes.end[node] ?? node + 1;
    if (kept !== undefined && kept[node] !== 1) {
      node = end;
      continue;
    }
    const slot = (nodes.parent[node] ?? -1) + 1;
    counts[slot] = (counts[slot] ?? 0) + 1;
    rows.push(node);
    positions.push(counts[slot] ?? 0);
    node = folded[node] === 1 ? end : node + 1;
  }
  const size = rows.map((node) => counts[(nodes.parent[node] ?? -1) + 1] ?? 0);
  return { nodes: Int32Array.from(rows), position: Int32Array.from(positions), size: Int32Array.from(size) };
}

export function hasChildren(nodes: TreeNodes, node: number): boolean {
  return (nodes.end[node] ?? 0) > node + 1;
}
