/** Which process belongs under which container's heading. Pure. */
import type { ContainerCapture, ProcessRow } from '../api/podcapture.js';

/** The rows of one container; those of none (a cgroup that was renamed, or not read) come last, without one. */
export interface ContainerGroup {
  readonly container?: ContainerCapture;
  readonly rows: readonly ProcessRow[];
}

/**
 * Distributes rows over the containers in whose cgroup, or below it, they are; the innermost one where containers are
 * nested. Every row is in exactly one group. Containers without rows keep their heading.
 */
export function groupByContainer(
  containers: readonly ContainerCapture[],
  rows: readonly ProcessRow[],
): ContainerGroup[] {
  const groups = containers.map((container) => ({ container, rows: new Array<ProcessRow>() }));
  const outside: ProcessRow[] = [];
  const byPath = new Map<string, ProcessRow[]>();
  for (const group of groups) {
    if (!byPath.has(group.container.cgroupPath)) byPath.set(group.container.cgroupPath, group.rows);
  }
  const known = new Map<string, ProcessRow[]>();
  for (const row of rows) {
    const home = known.get(row.cgroup) ?? nearest(row.cgroup, byPath) ?? outside;
    known.set(row.cgroup, home);
    home.push(row);
  }
  return outside.length === 0 ? groups : [...groups, { rows: outside }];
}

/** Looks for the path, then for each directory above it. */
function nearest(path: string, byPath: ReadonlyMap<string, ProcessRow[]>): ProcessRow[] | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('/'), 0))) {
    const found = byPath.get(at);
    if (found !== undefined) return found;
  }
  return byPath.get('/');
}
