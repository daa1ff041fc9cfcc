/** A steady stream of Checkpoints, some of them with a hold, while nodes disappear and return. */
import { setTimeout as sleep } from 'node:timers/promises';
import { allFinished, reasons } from './burst.js';
import { quantile } from './figures.js';
import { measured, type Measured } from './measured.js';
import { makeNodes, nodeName, removeNodes, type PodPlace } from './population.js';
import { LEAST_HOLDS, presentPods, type Site } from './site.js';
import type { Story } from './timeline.js';

export interface SteadyResult {
  readonly checkpoints: number;
  /** How many of them held their pod. */
  readonly withHold: number;
  readonly minutes: number;
  readonly mostHolds: number;
  readonly claimP50: number;
  readonly claimP99: number;
  readonly finishP99: number;
  readonly unfinished: number;
  /** On nodes that stayed. */
  readonly notCaptured: Readonly<Record<string, number>>;
  /** Checkpoints on nodes that disappeared meanwhile, and how they ended. */
  readonly caught: Readonly<Record<string, number>>;
  readonly goneAndBack: number;
  readonly cost: Measured;
}

interface Sent {
  readonly story: Story;
  readonly node: string;
  readonly holds: boolean;
}

const HOLD_SECONDS = 60;
/** This share of the Checkpoints holds: at 500 a minute, 60 s each, enough for 200 at a time. */
const HOLDING_SHARE = 0.45;
/** Nodes are away for so long: longer than the 40 s after which their agents count as lost. */
const AWAY_MS = 60_000;
const BETWEEN_MS = 30_000;
const AWAY_SHARE = 0.02;
const END_BOUND_MS = 300_000;

export async function steady(site: Site): Promise<SteadyResult> {
  const { settings, timeline } = site;
  const sent: Sent[] = [];
  const away = new Set(site.gone);
  /** The Checkpoints that were unfinished when their node disappeared. */
  const caught = new Set<Story>();
  let mostHolds = 0;
  const end = performance.now() + settings.minutes * 60_000;
  const stream = async (): Promise<void> => {
    const free = freePods(site, away);
    const every = 60_000 / settings.perMinute;
    let open: Sent[] = [];
    for (let next = performance.now(), at = 0; next < end; next += every, at += 1) {
      await sleep(Math.max(0, next - performance.now()));
      open = open.filter(({ story }) => story.finished === undefined);
      const holding = open.filter(({ holds }) => holds);
      mostHolds = Math.max(mostHolds, holding.filter(({ story }) => story.held !== undefined).length);
      const holds = holding.length < settings.holds && Math.random() < HOLDING_SHARE;
      const pod = free(open);
      if (pod === undefined) continue;
      const hold = holds ? { hold: { seconds: HOLD_SECONDS } } : {};
      void timeline.create(pod.namespace, `steady-${at}`, { podName: pod.name, ...hold });
      const story = timeline.stories.get(`${pod.namespace}/steady-${at}`);
      if (story === undefined) continue;
      sent.push({ story, node: pod.node, holds });
      open.push({ story, node: pod.node, holds });
    }
  };
  let goneAndBack = 0;
  const cost = await measured(site, 'load-', async () => {
    const weather = comeAndGo(site, end, away, (nodes) => {
      goneAndBack += nodes.length;
      for (const { story, node } of sent) if (nodes.includes(node) && story.finished === undefined) caught.add(story);
    });
    await Promise.all([stream(), weather]);
    await timeline.until(allFinished(sent.map(({ story }) => story)), END_BOUND_MS);
  });
  const undisturbed = sent.map(({ story }) => story).filter((story) => !caught.has(story));
  const claims = undisturbed.flatMap(({ sent: at, claimed }) => (claimed === undefined ? [] : [claimed - at]));
  const ends = sent
    .filter(({ story, holds }) => !holds && !caught.has(story))
    .flatMap(({ story }) => (story.finished === undefined ? [] : [story.finished - story.sent]));
  return {
    checkpoints: sent.length,
    withHold: sent.filter(({ holds }) => holds).length,
    minutes: settings.minutes,
    mostHolds,
    claimP50: quantile(claims, 0.5),
    claimP99: quantile(claims, 0.99),
    finishP99: quantile(ends, 0.99),
    unfinished: sent.filter(({ story }) => story.finished === undefined).length,
    notCaptured: reasons(undisturbed),
    caught: reasons([...caught]),
    goneAndBack,
    cost,
  };
}

/** Returns a function that takes the next pod without an unfinished Checkpoint, on a node that is there and is not full. */
function freePods(site: Site, away: ReadonlySet<string>): (open: readonly Sent[]) => PodPlace | undefined {
  const inOrder = presentPods(site);
  const mostOnNode = Math.max(LEAST_HOLDS - 2, Math.ceil((2 * site.settings.holds) / site.nodes));
  let at = 0;
  return (open) => {
    const busy = new Set(open.map(({ story }) => `${story.namespace}/${story.podName}`));
    const holding = new Map<string, number>();
    for (const { node, holds } of open) if (holds) holding.set(node, (holding.get(node) ?? 0) + 1);
    for (let tries = 0; tries < inOrder.length; tries += 1) {
      const pod = inOrder[at++ % inOrder.length];
      if (pod === undefined || away.has(pod.node) || busy.has(`${pod.namespace}/${pod.name}`)) continue;
      if ((holding.get(pod.node) ?? 0) < mostOnNode) return pod;
    }
    return undefined;
  };
}

async function comeAndGo(
  site: Site,
  end: number,
  away: Set<string>,
  gone: (nodes: readonly string[]) => void,
): Promise<void> {
  const count = Math.max(1, Math.round(AWAY_SHARE * site.nodes));
  for (let round = 0; performance.now() + BETWEEN_MS + AWAY_MS < end; round += 1) {
    await sleep(BETWEEN_MS);
    const nodes = Array.from({ length: count }, (_, at) => (round * count + at) % (site.nodes - site.gone.size));
    const names = nodes.map(nodeName);
    for (const name of names) away.add(name);
    gone(names);
    await site.agents.vanish(names);
    await removeNodes(site.admin, nodes);
    await sleep(AWAY_MS);
    await site.agents.start(await makeNodes(site.admin, nodes, site.chart.daemonSet));
    for (const name of names) away.delete(name);
  }
}
