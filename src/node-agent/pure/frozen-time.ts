/** cgroup.stat.local of cgroup v2: Documentation/admin-guide/cgroup-v2.rst, "Core Interface Files". Pure. */
import { decimal } from './decimal.js';

/**
 * `frozen_usec`: microseconds for which the cgroup was frozen in all its life, by its own freezer or an ancestor's, the present
 * freeze included. Undefined where the kernel does not print it.
 */
export function frozenMicroseconds(text: string): number | undefined {
  const digits = /^frozen_usec (\d+)$/m.exec(text)?.[1];
  const value = digits === undefined ? -1 : decimal(digits);
  return value === -1 ? undefined : value;
}
