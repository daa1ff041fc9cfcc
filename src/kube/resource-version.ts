/** The order of resourceVersions. Pure. */

/**
 * Whether `a` is older than `b`. They are decimal revisions of etcd, comparable within a resource type (documented since
 * 1.35, so for ever); false when either is something else, for then nothing can be told. No leading zeros, no bound in
 * length, so longer is greater.
 */
export function isOlder(a: string, b: string): boolean {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}

const DECIMAL = /^(?:0|[1-9][0-9]*)$/;
