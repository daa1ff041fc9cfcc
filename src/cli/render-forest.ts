/**
 * Orders flat rows as a forest and draws the lines of the forest. Pure.
 *
 * The rows are the processes of a cgroup and need not have a common ancestor, so there may be several roots. Damaged
 * rows (a missing parent, a process that is its own ancestor, a PID that occurs twice) appear as well, each exactly
 * once.
 */

/** The fields that decide where a row is placed. */
export interface ForestRow {
  readonly pid: number;
  readonly ppid: number;
}

/** A row in its place. `prefix` is drawn before the row, and is empty for a root. */
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
  /** Drawn before the row. */
  readonly prefix: string;
  /** Drawn before the prefix of each child of the row. */
  readonly below: string;
}

/**
 * Orders rows so that children follow their parent, in the order of `rows`, and draws the lines before them. Rows
 * deeper than `maxDepth` are not indented further; their prefix says how deep they are. Indented, a chain of 10,000
 * forks would need more than a hundred million characters. The function takes linear time and does not recurse.
 */
export function placeForest<Row extends ForestRow>(rows: readonly Row[], maxDepth: number): PlacedRow<Row>[] {
  const nodes = link(rows);
  const placed: PlacedRow<Row>[] = [];
  for (const node of nodes) if (node.parent === undefined) placeBelow(node, maxDepth, placed);
  // Every remaining row is on a loop of parents, or below one. Each loop is entered at one of its rows, and everything
  // on the loop and below it is placed from there.
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

/** Follows the parents of a node that has no root until a node on the loop is reached, and returns that node. */
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
