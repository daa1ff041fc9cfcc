/** Many Checkpoints at once, spread over all pods. */
import { measured, type Measured } from './measured.js';
import { inParallel } from './parallel.js';
import { quantile } from './figures.js';
import { presentPods, type Site } from './site.js';
import type { Story } from './timeline.js';

export interface BurstResult {
  readonly checkpoints: number;
  readonly createdWithinMs: number;
  readonly finishedWithinMs: number;
  readonly unfinished: number;
  readonly notCaptured: Readonly<Record<string, number>>;
  readonly firstStatusP50: number;
  readonly firstStatusP99: number;
  readonly cost: Measured;
}

const CREATORS = 32;
const BOUND_MS = 1_200_000;

export async function burst(site: Site): Promise<BurstResult> {
  const { timeline, settings } = site;
  const pods = presentPods(site);
  const names = Array.from({ length: settings.burst }, (_, at) => `burst-${at}`);
  const stories = () => [...timeline.stories.values()].filter(({ name }) => name.startsWith('burst-'));
  let createdWithinMs = 0;
  let finishedWithinMs = 0;
  const cost = await measured(site, 'load-', async () => {
    const began = performance.now();
    await inParallel(names, CREATORS, async (name, at) => {
      const pod = pods[at % pods.length];
      if (pod !== undefined) await timeline.create(pod.namespace, name, { podName: pod.name });
    });
    createdWithinMs = performance.now() - began;
    await timeline.until(allFinished(stories()), BOUND_MS);
    finishedWithinMs = performance.now() - began;
  });
  const all = stories();
  const first = all.flatMap(({ sent, firstStatus }) => (firstStatus === undefined ? [] : [firstStatus - sent]));
  return {
    checkpoints: all.length,
    createdWithinMs,
    finishedWithinMs,
    unfinished: all.filter(({ finished }) => finished === undefined).length,
    notCaptured: reasons(all),
    firstStatusP50: quantile(first, 0.5),
    firstStatusP99: quantile(first, 0.99),
    cost,
  };
}

/** Returns a condition that is cheap to ask after every event: it asks each story until that has ended, and never again. */
export function allFinished(stories: readonly Pick<Story, 'finished'>[]): () => boolean {
  let ended = 0;
  return () => {
    while (stories[ended]?.finished !== undefined) ended += 1;
    return ended === stories.length;
  };
}

/** Counts the Checkpoints that ended otherwise than with Captured, by their reason. */
export function reasons(stories: readonly { readonly reason?: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of stories)
    if (reason !== undefined && reason !== 'Captured') counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
