import { describe } from '@jest/globals';

import { type Cgroup, makeCgroup } from './cgroup.js';
import { type CgroupVersion, findHierarchy } from './hierarchy.js';

/**
 * A `describe` for tests that need a cgroup hierarchy, and root. Where they are missing the tests are skipped and the
 * reason is printed; with STASIS_REQUIRE_KERNEL=1, as in continuous integration, the missing is a failure: a skipped
 * proof is none. `body` gets a function that makes a fresh cgroup.
 */
export function describeOn(
  version: CgroupVersion,
  title: string,
  body: (make: (name: string) => Cgroup) => void,
): void {
  const reason = missing(version);
  const full = `${title} (cgroup ${version})`;
  if (reason !== undefined) {
    if (process.env['STASIS_REQUIRE_KERNEL'] === '1') throw new Error(`${full}: ${reason}`);
    process.stderr.write(`skipped: ${full}: ${reason}\n`);
  }
  const suite = reason === undefined ? describe : describe.skip;
  suite(full, () => {
    body((name) => required(version, name));
  });
}

/** For tests to which the version makes no difference: v2 where it is there, else v1. */
export function anyVersion(): CgroupVersion {
  return findHierarchy('v2').ok ? 'v2' : 'v1';
}

/** Why tests on this hierarchy cannot run here. Undefined when they can. */
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
