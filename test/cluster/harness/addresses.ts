/**
 * Every cluster has network namespaces of its own, so all use the same addresses and none can meet another's, or the
 * machine's.
 */

/** The control plane, on the bridge that joins the nodes. */
export const CONTROL_ADDRESS = '10.90.0.1';
/** The first service address: what a pod finds in KUBERNETES_SERVICE_HOST. */
export const API_ADDRESS = '10.96.0.1';
export const SERVICES = '10.96.0.0/16';

/** Node `index` (from 1) on the bridge. */
export function nodeAddress(index: number): string {
  return `10.90.0.${10 + index}`;
}

/** The addresses of node `index`'s pods. */
export function podRange(index: number): string {
  return `10.91.${index}.0/24`;
}
