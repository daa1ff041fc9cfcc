/** /proc/PID/uid_map and gid_map: user_namespaces(7). Pure. */

/** What an id without a mapping is shown as (overflowuid, proc_sys_kernel(5)). */
const OVERFLOW_ID = 65534;

export interface IdRange {
  readonly inside: number;
  /** As the reader's own user namespace sees it. */
  readonly outside: number;
  readonly count: number;
}

/** The ranges of a map file. Lines of another form are left out. */
export function parseIdMap(text: string): readonly IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [inside, outside, count, more] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || outside === undefined || count === undefined || more !== undefined) return [];
    return [inside, outside, count].every(Number.isSafeInteger) ? [{ inside, outside, count }] : [];
  });
}

/** The id inside the namespace. */
export function idInside(map: readonly IdRange[], id: number): number {
  const range = map.find(({ outside, count }) => id >= outside && id - outside < count);
  return range === undefined ? OVERFLOW_ID : range.inside + (id - range.outside);
}
