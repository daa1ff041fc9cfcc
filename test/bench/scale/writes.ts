/** Counts writes in the API server's audit log: all that were made, whoever made them. */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Cluster } from '../../cluster/harness/cluster.js';

interface AuditEvent {
  readonly verb: string;
  readonly stage: string;
  readonly userAgent?: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

export interface Writes {
  /** Number of writes by what was written and who wrote, for instance `patch podcaptures/status by node-agent`. */
  readonly byKind: Readonly<Record<string, number>>;
  readonly total: number;
  /** Of these, those that the server refused, for instance with a conflict. */
  readonly refused: number;
}

/** The resources that a Checkpoint writes: itself, its capture, and the Events of both. */
const RESOURCES: ReadonlySet<string> = new Set(['checkpoints', 'podcaptures', 'events']);

/** The place in the audit log up to which everything has happened so far. */
export function auditPosition(cluster: Cluster): number {
  return statSync(cluster.auditLog()).size;
}

/** The writes between two places, in the namespaces whose names begin with `prefix`. */
export async function writesBetween(cluster: Cluster, from: number, to: number, prefix: string): Promise<Writes> {
  const byKind: Record<string, number> = {};
  let refused = 0;
  if (to <= from) return { byKind, total: 0, refused };
  const lines = createInterface({ input: createReadStream(cluster.auditLog(), { start: from, end: to - 1 }) });
  for await (const line of lines) {
    const event = parse(line);
    const { resource = '', subresource, namespace = '' } = event?.objectRef ?? {};
    if (event?.stage !== 'ResponseComplete' || !RESOURCES.has(resource) || !namespace.startsWith(prefix)) continue;
    const what = subresource === undefined ? resource : `${resource}/${subresource}`;
    const key = `${event.verb} ${what} by ${writerOf(event)}`;
    byKind[key] = (byKind[key] ?? 0) + 1;
    if ((event.responseStatus?.code ?? 0) >= 400) refused += 1;
  }
  return { byKind, total: Object.values(byKind).reduce((sum, count) => sum + count, 0), refused };
}

function writerOf({ user, userAgent }: AuditEvent): string {
  const name = user?.username ?? '';
  if (name.endsWith(':stasis-controller')) return 'controller';
  if (name.endsWith(':stasis-node-agent')) return 'node agent';
  return userAgent?.startsWith('stasis-bench-scale') === true ? 'user' : (name.split(':').at(-1) ?? '');
}

/** The first and the last line may be cut. */
function parse(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent;
  } catch {
    return undefined;
  }
}
