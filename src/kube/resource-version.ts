/** Compares resourceVersions. Pure. */

/**
 * Whether `a` is older than `b`. A resourceVersion is a decimal revision of etcd, and two of them are comparable within
 * one resource type (documented since Kubernetes 1.35). If either is anything else, the order is unknown and the result
 * is false. The numbers have no leading zeros and no maximum length, so a longer one is greater.
 */
export function isOlder(a: string, b: string): boolean {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}

const DECIMAL = /^(?:0|[1-9][0-9]*)$/;
