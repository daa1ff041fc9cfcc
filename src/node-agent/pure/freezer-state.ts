/** freezer.state of cgroup v1: Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst. Pure. */
import { unreadable, type Parsed } from './parse-error.js';

/** FREEZING: the cgroup or an ancestor was asked to freeze, and not all tasks in the cgroup and below it are frozen yet. */
export type FreezerState = 'THAWED' | 'FREEZING' | 'FROZEN';

/** Parses the whole file: one word and a newline. */
export function parseFreezerState(text: string): Parsed<FreezerState> {
  switch (text) {
    case 'THAWED\n':
      return { ok: true, value: 'THAWED' };
    case 'FREEZING\n':
      return { ok: true, value: 'FREEZING' };
    case 'FROZEN\n':
      return { ok: true, value: 'FROZEN' };
    default:
      return unreadable('freezer.state', 1, text);
  }
}
