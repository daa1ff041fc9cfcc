/** Deletes the heartbeat Leases of nodes that no longer exist. Nothing owns them, so nothing else would. */
import { heartbeatLeaseName } from '../api/kinds.js';
import { after } from '../kube/abort.js';
import type { KubeApi } from '../kube/api.js';
import type { Clock } from '../kube/clock.js';
import { LEASES, type Lease } from '../kube/lease.js';
import type { Logger } from '../kube/log.js';
import { isConflict, isNotFound } from '../kube/result.js';
import type { Store } from '../kube/store.js';
import type { NodeAgents } from './agents.js';
import { NODES } from './resources.js';

export interface LeaseCleanupOptions {
  readonly api: Pick<KubeApi, 'get' | 'remove'>;
  readonly agents: Pick<NodeAgents, 'expired'>;
  readonly leases: Pick<Store<Lease>, 'get'>;
  /** The namespace of the Leases. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long a Lease must have been expired, in milliseconds: a node that reboots is often back sooner. */
const EXPIRED_MILLISECONDS = 600_000;
/** How often the Leases are looked through. */
const LOOK_MILLISECONDS = 60_000;
/** Most nodes that are asked about in one look. The others wait for the next. */
const MOST_AT_ONCE = 20;

/** Looks again and again until `signal` aborts. Never rejects. */
export async function cleanUpLeases(options: LeaseCleanupOptions, signal: AbortSignal): Promise<void> {
  let skip = 0;
  while (!signal.aborted) {
    await after(options.clock, LOOK_MILLISECONDS, signal, () => undefined);
    const expired = options.agents.expired(EXPIRED_MILLISECONDS);
    // Nodes that do exist stay in the list, so each look begins where the one before it stopped.
    const start = skip < expired.length ? skip : 0;
    const now = expired.slice(start, start + MOST_AT_ONCE);
    skip = start + now.length;
    for (const nodeName of now) if (!signal.aborted) await cleanUp(options, nodeName, signal);
  }
}

async function cleanUp(options: LeaseCleanupOptions, nodeName: string, signal: AbortSignal): Promise<void> {
  const { api, leases, namespace, log } = options;
  const name = heartbeatLeaseName(nodeName);
  const lease = leases.get(`${namespace}/${name}`);
  if (lease === undefined) return;
  const node = await api.get(NODES, { name: nodeName, signal });
  if (node.ok || !isNotFound(node.error)) return;
  // The version, too: an agent that renews at this moment keeps its Lease.
  const { uid, resourceVersion } = lease.metadata;
  const removed = await api.remove(LEASES, { namespace, name, uid, resourceVersion, signal });
  if (removed.ok) log.info('lease of a former node deleted', { lease: name });
  else if (!isNotFound(removed.error) && !isConflict(removed.error) && !signal.aborted)
    log.warn('lease not deleted', { lease: name, ...removed.error });
}
