/** Takes a tenth of the nodes away for good, each with a pod that is held, and looks for what remains of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './parallel.js';
import { nodeName, podsOf, removeNodes } from './population.js';
import { leasesOfNodes, type Site } from './site.js';

export interface LeaksResult {
  readonly nodes: number;
  /** Names of Leases that are left of nodes that are gone. */
  readonly leases: readonly string[];
  readonly leasesGoneWithinMs: number;
  /** What the leader had open before the holds, and after the nodes were gone. */
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  /** The reasons with which the Checkpoints of these nodes ended; `undefined` counts those that did not end. */
  readonly ended: Readonly<Record<string, number>>;
}

const SHARE = 0.1;
const HOLD_SECONDS = 600;
const BOUND_MS = 180_000;
/** Connections for single requests close after 60 s without use; timers of requests end earlier. */
const SETTLE_MS = 75_000;

export async function leaks(site: Site): Promise<LeaksResult> {
  const { controllers, timeline, admin, agents } = site;
  const count = Math.max(1, Math.round(SHARE * site.nodes));
  const nodes = Array.from({ length: count }, (_, at) => site.nodes - 1 - at);
  const leader = (await controllers.leader()) ?? '';
  await sleep(SETTLE_MS);
  const before = (await controllers.probe(leader)).open;
  const stories = await inParallel(nodes, 16, async (node) => {
    const [pod] = podsOf(node);
    return await timeline.create(pod?.namespace ?? '', `gone-${node}`, {
      podName: pod?.name ?? '',
      hold: { seconds: HOLD_SECONDS },
    });
  });
  await timeline.until(() => stories.every(({ held }) => held !== undefined), BOUND_MS);
  const names = nodes.map(nodeName);
  await agents.vanish(names);
  await removeNodes(admin, nodes);
  const began = performance.now();
  let leases: readonly string[] = names;
  while (leases.length > 0 && performance.now() - began < BOUND_MS) {
    leases = (await leasesOfNodes(admin)).filter((name) => names.includes(name));
    await sleep(200);
  }
  const leasesGoneWithinMs = performance.now() - began;
  await timeline.until(() => stories.every(({ finished }) => finished !== undefined), BOUND_MS);
  await sleep(SETTLE_MS);
  const after = (await controllers.probe(leader)).open;
  const ended: Record<string, number> = {};
  for (const { reason } of stories) ended[String(reason)] = (ended[String(reason)] ?? 0) + 1;
  return { nodes: count, leases, leasesGoneWithinMs, before, after, ended };
}
