/**
 * Every cluster has its own network namespaces. So all clusters use the same addresses, and none can reach another
 * cluster or the machine's network.
 */

/** The address of the control plane on the bridge that joins the nodes. */
export const CONTROL_ADDRESS = '10.90.0.1';
/** The first service address, which pods find in KUBERNETES_SERVICE_HOST. */
export const API_ADDRESS = '10.96.0.1';
export const SERVICES = '10.96.0.0/16';

/** The address of node `index` (from 1) on the bridge. */
export function nodeAddress(index: number): string {
  return `10.90.0.${10 + index}`;
}

/** The address range of node `index`'s pods. */
export function podRange(index: number): string {
  return `10.91.${index}.0/24`;
}
