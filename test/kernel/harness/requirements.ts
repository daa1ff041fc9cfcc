import { describe } from '@jest/globals';

import { type Cgroup, makeCgroup } from './cgroup.js';
import { type CgroupVersion, findHierarchy } from './hierarchy.js';

/**
 * A `describe` for tests that need a cgroup hierarchy and root. Where one is missing, the tests are skipped and the reason is
 * printed. With STASIS_REQUIRE_KERNEL=1, as in continuous integration, this is a failure instead, because a skipped proof
 * proves nothing. `body` gets a function that makes a fresh cgroup.
 */
export function describeOn(
  version: CgroupVersion,
  title: string,
  body: (make: (name: string) => Cgroup) => void,
): void {
  const reason = missing(version);
  const full = `${title} (cgroup ${version})`;
  if (reason !== undefined) {
    if (['1', version].includes(process.env['STASIS_REQUIRE_KERNEL'] ?? '')) throw new Error(`${full}: ${reason}`);
    process.stderr.write(`skipped: ${full}: ${reason}\n`);
  }
  const suite = reason === undefined ? describe : describe.skip;
  suite(full, () => {
    body((name) => required(version, name));
  });
}

/** The version for tests that need only one of them: v2 where it is mounted, else v1. */
export function anyVersion(): CgroupVersion {
  return findHierarchy('v2').ok ? 'v2' : 'v1';
}

/** Returns why tests on this hierarchy cannot run here, or undefined when they can. */
function missing(version: CgroupVersion): string | undefined {
  if (process.getuid?.() !== 0) return 'this needs root';
  const hierarchy = findHierarchy(version);
  return hierarchy.ok ? undefined : hierarchy.reason;
}

function required(version: CgroupVersion, name: string): Cgroup {
  const made = makeCgroup(version, name);
  if (!made.ok) throw new Error(made.reason);
  return made.cgroup;
}
