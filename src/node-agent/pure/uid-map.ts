/** /proc/PID/uid_map and gid_map: user_namespaces(7). Pure. */

/** The id that stands for an id without a mapping (overflowuid, proc_sys_kernel(5)). */
const OVERFLOW_ID = 65534;

export interface IdRange {
  readonly inside: number;
  /** The same id in the reader's own user namespace. */
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

/** Translates an id of the reader's namespace into the id inside the namespace. */
export function idInside(map: readonly IdRange[], id: number): number {
  const range = map.find(({ outside, count }) => id >= outside && id - outside < count);
  return range === undefined ? OVERFLOW_ID : range.inside + (id - range.outside);
}
