/** One tenant queues thousands of Checkpoints of one pod; Checkpoints of another namespace must not wait behind them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './parallel.js';
import { podsOf } from './population.js';
import type { Site } from './site.js';

export interface TenantResult {
  readonly queued: number;
  /** Milliseconds from the request to the first status, for each Checkpoint of the other namespace. */
  readonly firstStatus: readonly number[];
  readonly claimed: readonly number[];
  /** How many of the queue were still unfinished when the last of the others was created. */
  readonly stillQueued: number;
  /** How long it took until all of the queue were deleted, from one request that deletes them. */
  readonly goneWithinMs: number;
}

const CREATORS = 32;
const OTHERS = 20;
const BETWEEN_MS = 500;
const BOUND_MS = 120_000;

export async function tenant(site: Site): Promise<TenantResult> {
  const { timeline, settings } = site;
  const [loud, quiet] = podsOf(0);
  if (loud === undefined || quiet === undefined) throw new Error('a node has no two pods');
  const names = Array.from({ length: settings.queue }, (_, at) => `queue-${at}`);
  // The others begin once all of the queue exist, and the controller has barely begun with them.
  await inParallel(
    names,
    CREATORS,
    async (name) => await timeline.create(loud.namespace, name, { podName: loud.name }),
  );
  const others = [];
  for (let at = 0; at < OTHERS; at += 1) {
    const story = await timeline.create(quiet.namespace, `other-${at}`, { podName: quiet.name });
    others.push(story);
    await timeline.until(() => story.finished !== undefined, BOUND_MS);
    await sleep(BETWEEN_MS);
  }
  const queue = [...timeline.stories.values()].filter(({ name }) => name.startsWith('queue-'));
  const stillQueued = queue.filter(({ finished }) => finished === undefined).length;
  const goneWithinMs = await removeQueue(
    site,
    `/apis/stasis.dev/v1alpha1/namespaces/${loud.namespace}/checkpoints`,
    loud.name,
  );
  return {
    goneWithinMs,
    queued: queue.length,
    firstStatus: others.map(({ sent, firstStatus }) => (firstStatus ?? Number.POSITIVE_INFINITY) - sent),
    claimed: others.map(({ sent, claimed }) => (claimed ?? Number.POSITIVE_INFINITY) - sent),
    stillQueued,
  };
}

async function removeQueue({ admin }: Site, path: string, podName: string): Promise<number> {
  const began = performance.now();
  const query = { fieldSelector: `spec.podName=${podName}` };
  await admin.api.raw('DELETE', path, { query });
  for (;;) {
    const answer = await admin.api.raw('GET', path, { query: { ...query, limit: '1' } });
    const isGone = answer.ok && (JSON.parse(answer.value.text) as { readonly items: unknown[] }).items.length === 0;
    if (isGone || performance.now() - began > 5 * BOUND_MS) return performance.now() - began;
    await sleep(1000);
  }
}
