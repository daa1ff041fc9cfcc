/**
 * From flat rows to the order and the lines of a drawn forest. Pure.
 *
 * The rows come from a cgroup, not from one ancestor: there may be several roots, and rows that were damaged on their
 * way (a missing parent, a process that is its own ancestor, a pid twice) still appear, each exactly once.
 */

/** What a row needs to be placed. */
export interface ForestRow {
  readonly pid: number;
  readonly ppid: number;
}

/** A row in its place: what is drawn before it. Roots have an empty prefix. */
export interface PlacedRow<Row extends ForestRow> {
  readonly row: Row;
  /** 0 for a root. */
  readonly depth: number;
  readonly prefix: string;
}

interface Node<Row extends ForestRow> {
  readonly row: Row;
  readonly children: Node<Row>[];
  parent?: Node<Row>;
  placed: boolean;
}

interface Pending<Row extends ForestRow> {
  readonly node: Node<Row>;
  readonly depth: number;
  /** What is drawn before the row, and before the prefixes of its children. */
  readonly prefix: string;
  readonly below: string;
}

/**
 * Orders rows so that children follow their parent, in the order in which they came, and draws the lines before them.
 * Rows deeper than `maxDepth` are not indented further but say how deep they are: a fork chain of 10,000 would
 * otherwise need a hundred million spaces. Linear in the number of rows, and without recursion.
 */
export function placeForest<Row extends ForestRow>(rows: readonly Row[], maxDepth: number): PlacedRow<Row>[] {
  const nodes = link(rows);
  const placed: PlacedRow<Row>[] = [];
  for (const node of nodes) if (node.parent === undefined) placeBelow(node, maxDepth, placed);
  // What is left hangs on a loop. Each loop is entered once, and all that hangs on it is placed from there.
  for (const node of nodes) if (!node.placed) placeBelow(onLoop(node), maxDepth, placed);
  return placed;
}

function link<Row extends ForestRow>(rows: readonly Row[]): Node<Row>[] {
  const nodes = rows.map((row): Node<Row> => ({ row, children: [], placed: false }));
  const byPid = new Map<number, Node<Row>>();
  for (const node of nodes) if (!byPid.has(node.row.pid)) byPid.set(node.row.pid, node);
  for (const node of nodes) {
    const parent = byPid.get(node.row.ppid);
    if (parent === undefined || parent === node) continue;
    node.parent = parent;
    parent.children.push(node);
  }
  return nodes;
}

/** A node on the loop that is reached by following parents from a node that has no root. */
function onLoop<Row extends ForestRow>(start: Node<Row>): Node<Row> {
  const seen = new Set<Node<Row>>();
  let node = start;
  while (!seen.has(node)) {
    seen.add(node);
    node = node.parent ?? node;
  }
  return node;
}

function placeBelow<Row extends ForestRow>(root: Node<Row>, maxDepth: number, placed: PlacedRow<Row>[]): void {
  const stack: Pending<Row>[] = [{ node: root, depth: 0, prefix: '', below: '' }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, depth, prefix, below } = next;
    if (node.placed) continue;
    node.placed = true;
    placed.push({ row: node.row, depth, prefix });
    const children = node.children.filter((child) => !child.placed);
    for (const [index, child] of [...children.entries()].toReversed()) {
      stack.push(pend(child, depth + 1, below, index === children.length - 1, maxDepth));
    }
  }
}

function pend<Row extends ForestRow>(
  node: Node<Row>,
  depth: number,
  below: string,
  last: boolean,
  maxDepth: number,
): Pending<Row> {
  if (depth > maxDepth) return { node, depth, prefix: `⋯ ${depth} deep: `, below: '' };
  return { node, depth, prefix: `${below}${last ? '└─ ' : '├─ '}`, below: `${below}${last ? '   ' : '│  '}` };
}
