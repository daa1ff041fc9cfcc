/** cgroup.events of cgroup v2: Documentation/admin-guide/cgroup-v2.rst, "Core Interface Files". Pure. */
import { cut, missing, unreadable, type Parsed } from './parse-error.js';

const FILE = 'cgroup.events';

export interface CgroupEvents {
  /** A live task is in the cgroup or below it. */
  readonly populated: boolean;
  /** All tasks in the cgroup and below it are frozen. This is the fact; cgroup.freeze shows only the request. */
  readonly frozen: boolean;
}

/**
 * Whether the file has the line `frozen 1`. This is asked many times while a pod freezes, and parsing the whole file costs as
 * much as freezing.
 */
export function saysFrozen(text: string): boolean {
  return text.includes('\nfrozen 1\n') || text.startsWith('frozen 1\n');
}

/** Parses the flat keyed file. Keys that a later kernel adds are skipped; `frozen` came with Linux 5.2. */
export function parseCgroupEvents(text: string): Parsed<CgroupEvents> {
  if (!text.endsWith('\n')) return cut(FILE, text);
  let populated: boolean | undefined;
  let frozen: boolean | undefined;
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const [key, value, more] = line.split(' ');
    if (key !== 'populated' && key !== 'frozen') continue;
    if ((value !== '0' && value !== '1') || more !== undefined) return unreadable(FILE, index + 1, line);
    if (key === 'populated') populated = value === '1';
    else frozen = value === '1';
  }
  if (populated === undefined) return missing(FILE, 'populated');
  if (frozen === undefined) return missing(FILE, 'frozen');
  return { ok: true, value: { populated, frozen } };
}
