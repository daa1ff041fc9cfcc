/** /proc/PID/cgroup: cgroups(7), "/proc files". Pure. */
import { decimal } from './decimal.js';
import { cut, unreadable, type Parsed } from './parse-error.js';

const FILE = '/proc/PID/cgroup';

/** The text that cgroup v2 appends to the path of a removed cgroup, which is still the cgroup of its zombies. v1 never appends it. */
const DELETED = ' (deleted)';

/** The cgroup of a task in one hierarchy. */
export interface ProcCgroup {
  /** 0 is the unified (v2) hierarchy. */
  readonly hierarchyId: number;
  /** Controllers of a v1 hierarchy, `name=systemd` and the like for a named hierarchy; empty for v2. */
  readonly controllers: readonly string[];
  /**
   * Path from the root of the *reader's* cgroup namespace. It starts with `/`, and with `/..` for a task outside that namespace.
   * v1 shows an exiting task in `/`, wherever the task was.
   */
  readonly path: string;
  /** The cgroup has been removed. The mark is not part of {@link path}. */
  readonly deleted: boolean;
}

/** Parses the file into one row per hierarchy. A path cannot contain a newline: mkdir(2) in a cgroup refuses it. */
export function parseProcCgroup(text: string): Parsed<readonly ProcCgroup[]> {
  if (text === '') return { ok: true, value: [] };
  if (!text.endsWith('\n')) return cut(FILE, text);
  const entries: ProcCgroup[] = [];
  const lines = text.slice(0, -1).split('\n');
  for (const [index, line] of lines.entries()) {
    const entry = parseLine(line);
    if (entry === undefined) return unreadable(FILE, index + 1, line);
    entries.push(entry);
  }
  return { ok: true, value: entries };
}

/** A path may hold colons; hierarchy and controllers may not. */
function parseLine(line: string): ProcCgroup | undefined {
  const first = line.indexOf(':');
  const second = line.indexOf(':', first + 1);
  if (first === -1 || second === -1) return undefined;
  const hierarchyId = decimal(line, 0, first);
  const names = line.slice(first + 1, second);
  const path = line.slice(second + 1);
  if (hierarchyId === -1 || !path.startsWith('/')) return undefined;
  const deleted = hierarchyId === 0 && path.endsWith(DELETED);
  return {
    hierarchyId,
    controllers: names === '' ? [] : names.split(','),
    path: deleted ? path.slice(0, -DELETED.length) : path,
    deleted,
  };
}

/** The task's path in the v1 freezer hierarchy; undefined where the kernel has none. */
export function freezerPath(entries: readonly ProcCgroup[]): string | undefined {
  return entries.find((entry) => entry.controllers.includes('freezer'))?.path;
}

/** The task's path in the v2 hierarchy; undefined where the kernel has none. */
export function unifiedPath(entries: readonly ProcCgroup[]): string | undefined {
  return unifiedEntry(entries)?.path;
}

/** The task's row of the v2 hierarchy. */
export function unifiedEntry(entries: readonly ProcCgroup[]): ProcCgroup | undefined {
  return entries.find((entry) => entry.hierarchyId === 0 && entry.controllers.length === 0);
}
