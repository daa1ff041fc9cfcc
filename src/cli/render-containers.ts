/** Assigns each process to the heading of its container. Pure. */
import type { ContainerCapture, PrintedRow } from '../api/podcapture.js';

/** The fields that decide to which container a row belongs. */
type Place = Pick<ContainerCapture, 'cgroupPath'>;
type Placed = Pick<PrintedRow, 'cgroup'>;

/**
 * The rows of one container. Rows that belong to no container, because their cgroup was renamed or not read, form the
 * last group, which has no `container`.
 */
export interface ContainerGroup<Container extends Place = ContainerCapture, Row extends Placed = PrintedRow> {
  readonly container?: Container;
  readonly rows: readonly Row[];
}

/**
 * Groups the rows by container. A row belongs to the container whose cgroup is the row's cgroup or an ancestor of it;
 * where containers are nested, to the innermost one. Every row is in exactly one group. A container without rows has an
 * empty group.
 */
export function groupByContainer<Container extends Place, Row extends Placed>(
  containers: readonly Container[],
  rows: readonly Row[],
): ContainerGroup<Container, Row>[] {
  const groups = containers.map((container) => ({ container, rows: new Array<Row>() }));
  const outside: Row[] = [];
  const byPath = new Map<string, Row[]>();
  for (const group of groups) {
    if (!byPath.has(group.container.cgroupPath)) byPath.set(group.container.cgroupPath, group.rows);
  }
  const known = new Map<string, Row[]>();
  for (const row of rows) {
    const home = known.get(row.cgroup) ?? nearest(row.cgroup, byPath) ?? outside;
    known.set(row.cgroup, home);
    home.push(row);
  }
  return outside.length === 0 ? groups : [...groups, { rows: outside }];
}

/** Looks up the path, then each directory above it. */
function nearest<Row>(path: string, byPath: ReadonlyMap<string, Row[]>): Row[] | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('/'), 0))) {
    const found = byPath.get(at);
    if (found !== undefined) return found;
  }
  return byPath.get('/');
}
