/** Sets hold.release on Checkpoints in the moment in which a connection of the leader to the API server is closed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './parallel.js';
import { startProxy } from './proxy.js';
import { presentPods, type Site } from './site.js';
import type { Story } from './timeline.js';

export interface ReleaseResult {
  readonly holds: number;
  /** Milliseconds from the request that set hold.release until the agent's report that the pod was let go. */
  readonly undisturbed: readonly number[];
  /** The same, for each connection that was closed just before. */
  readonly disturbed: readonly number[];
  readonly connections: number;
}

const HOLD_SECONDS = 3_600;
const PROXY_PORT = 17_443;
const UNDISTURBED = 20;
const BOUND_MS = 60_000;
/** The controller opens a closed connection again within a second. */
const SETTLE_MS = 2_000;

export async function release(site: Site): Promise<ReleaseResult> {
  const { cluster, controllers, settings, timeline } = site;
  const proxy = await startProxy(cluster.control, PROXY_PORT);
  await controllers.restart({ host: '127.0.0.1', port: proxy.port });
  const chosen = presentPods(site).slice(0, settings.releaseHolds);
  const held = await inParallel(chosen, 16, async (pod, at) =>
    timeline.create(pod.namespace, `release-${at}`, { podName: pod.name, hold: { seconds: HOLD_SECONDS } }),
  );
  if (!(await timeline.until(() => held.every((story) => story.held !== undefined), 5 * BOUND_MS)))
    throw new Error(`only ${held.filter((story) => story.held !== undefined).length} of ${held.length} pods are held`);
  let next = 0;
  const letGo = async (): Promise<number> => {
    const story = held[next++];
    return story === undefined ? Number.NaN : await timedRelease(site, story);
  };
  const undisturbed: number[] = [];
  for (let at = 0; at < UNDISTURBED; at += 1) undisturbed.push(await letGo());
  const disturbed: number[] = [];
  const open = await proxy.connections();
  // Connections that the leader closes meanwhile, or opens anew, are not in the list.
  for (const connection of open.slice(0, held.length - next)) {
    await sleep(SETTLE_MS);
    await proxy.cut(connection);
    disturbed.push(await letGo());
  }
  for (; next < held.length;) await Promise.all(Array.from({ length: 16 }, async () => await letGo()));
  await controllers.restart();
  proxy.close();
  return { holds: held.length, undisturbed, disturbed, connections: open.length };
}

async function timedRelease({ admin, timeline }: Site, story: Story): Promise<number> {
  const sent = performance.now();
  await admin.merge(`/apis/stasis.dev/v1alpha1/namespaces/${story.namespace}/checkpoints/${story.name}`, {
    spec: { hold: { release: true } },
  });
  await timeline.until(() => story.letGo !== undefined, BOUND_MS);
  return (story.letGo ?? Number.POSITIVE_INFINITY) - sent;
}
