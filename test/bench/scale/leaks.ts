/** Takes some nodes away for good, each with a pod that is held, and looks later for what remains of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './parallel.js';
import { nodeName, podsOf, removeNodes } from './population.js';
import { leasesOfNodes, type Site } from './site.js';
import type { Story } from './timeline.js';

export interface LeaksResult {
  readonly nodes: number;
  /** Leases that are left of nodes that are gone. */
  readonly leases: number;
  /** How long after the nodes. */
  readonly leasesAfterMs: number;
  /** Checkpoints that had ended, before and after: the leader keeps a timer for each, until it is to be deleted. */
  readonly finishedBefore: number;
  readonly finishedAfter: number;
  /** What the leader had open before the holds, and after everything about the nodes had ended. */
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  /** The reasons with which the Checkpoints of these nodes ended; `undefined` counts those that did not end. */
  readonly ended: Readonly<Record<string, number>>;
}

/** What was there when the nodes were taken away. */
export interface TakenAway {
  readonly nodes: readonly string[];
  readonly at: number;
  readonly stories: readonly Story[];
  readonly leader: string;
  readonly finished: number;
  readonly before: Readonly<Record<string, number>>;
}

const SHARE = 0.1;
/** The controller deletes the Leases of so many nodes at a time. */
const MOST = 20;
const HOLD_SECONDS = 3_600;
const BOUND_MS = 180_000;
/** Connections for single requests close after 60 s without use; timers of requests end earlier. */
const SETTLE_MS = 75_000;
/** A Lease must have been expired for ten minutes before it is deleted, and the controller looks once a minute. */
const LEASES_WITHIN_MS = 13 * 60_000;

export async function takeAway(site: Site): Promise<TakenAway> {
  const { controllers, timeline, admin, agents } = site;
  const count = Math.min(MOST, Math.max(1, Math.round(SHARE * site.nodes)));
  const numbers = Array.from({ length: count }, (_, at) => site.nodes - 1 - at);
  const leader = (await controllers.leader()) ?? '';
  await sleep(SETTLE_MS);
  const before = (await controllers.probe(leader)).open;
  const finished = finishedOf(site);
  const stories = await inParallel(numbers, 16, async (node) => {
    const [pod] = podsOf(node);
    const hold = { seconds: HOLD_SECONDS };
    return await timeline.create(pod?.namespace ?? '', `gone-${node}`, { podName: pod?.name ?? '', hold });
  });
  await timeline.until(() => stories.every(({ held }) => held !== undefined), BOUND_MS);
  const nodes = numbers.map(nodeName);
  for (const name of nodes) site.gone.add(name);
  await agents.vanish(nodes);
  await removeNodes(admin, numbers);
  return { nodes, at: performance.now(), stories, leader, finished, before };
}

export async function lookForLeaks(site: Site, taken: TakenAway): Promise<LeaksResult> {
  const { admin, timeline, controllers } = site;
  const { nodes, at, stories, leader, finished, before } = taken;
  await timeline.until(() => stories.every((story) => story.finished !== undefined), BOUND_MS);
  let leases = nodes.length;
  let leasesAfterMs = 0;
  const end = at + LEASES_WITHIN_MS;
  while (leases > 0 && performance.now() < end) {
    await sleep(1000);
    leases = (await leasesOfNodes(admin)).filter((name) => nodes.includes(name)).length;
    leasesAfterMs = performance.now() - at;
  }
  await sleep(SETTLE_MS);
  const after = (await controllers.probe(leader)).open;
  const ended: Record<string, number> = {};
  for (const { reason } of stories) ended[String(reason)] = (ended[String(reason)] ?? 0) + 1;
  const count = { finishedBefore: finished, finishedAfter: finishedOf(site) };
  return { nodes: nodes.length, leases, leasesAfterMs, ...count, before, after, ended };
}

function finishedOf({ timeline }: Site): number {
  return [...timeline.stories.values()].filter(({ finished }) => finished !== undefined).length;
}
