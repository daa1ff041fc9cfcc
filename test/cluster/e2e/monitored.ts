/** The throw-away cluster with a Prometheus in it, and captures of every kind, so that every metric has something to tell. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckpointSpec } from '../../../src/api/kinds.js';
import { startPrometheus, type Prometheus, type PrometheusOptions } from '../../prometheus/prometheus.js';
import type { Cluster } from '../harness/cluster.js';
import { testCluster } from './node-view.js';
import { shell, sleeper } from './pods.js';
import { openWorld, PODS, until, value, type World } from './world.js';

export const STASIS = 'stasis-system';
/** The value of the label `cluster` of every target. */
export const CLUSTER = 'e2e';
/** Seconds between two scrapes. */
export const SCRAPE_SECONDS = 2;
/** A node without a kubelet: its agent never starts, so it is missing. */
const GHOST = 'e2e-ghost';

export interface Monitored {
  readonly cluster: Cluster;
  readonly world: World;
  readonly prometheus: Prometheus;
  /** The nodes that are real. */
  readonly nodes: readonly string[];
  close(): Promise<void>;
}

export async function openMonitored(topic: string, options: PrometheusOptions = {}): Promise<Monitored> {
  const cluster = testCluster();
  if (cluster === undefined) throw new Error('STASIS_TEST_CLUSTER names no cluster that is up');
  const world = await openWorld(topic);
  const undo = async (): Promise<void> => {
    await removeGhost(cluster, world);
    await world.close();
  };
  try {
    await makeGhost(cluster);
    const { adapt = (job) => job, ...rest } = options;
    const prometheus = await startPrometheus(cluster, {
      everyMilliseconds: 1000 * SCRAPE_SECONDS,
      adapt: (job) => {
        const relabelings = job['relabel_configs'] as readonly object[];
        return adapt({ ...job, relabel_configs: [...relabelings, { target_label: 'cluster', replacement: CLUSTER }] });
      },
      ...rest,
    });
    const close = async (): Promise<void> => {
      await prometheus.stop();
      await undo();
    };
    return { cluster, world, prometheus, nodes: cluster.nodes.map(({ name }) => name), close };
  } catch (error) {
    await undo();
    throw error;
  }
}

/** Captures, holds, dry runs and refusals, on every node, until the time is over. */
export async function captureForAWhile({ world, nodes }: Monitored, milliseconds: number): Promise<void> {
  for (const nodeName of nodes) {
    await world.createPod(`small-${nodeName}`, [sleeper('main')], { nodeName });
    await world.createPod(`medium-${nodeName}`, [shell('main', processes(60))], { nodeName });
    await world.createPod(`large-${nodeName}`, [shell('main', processes(300))], { nodeName });
    await world.createPod(`held-${nodeName}`, [sleeper('main')], { nodeName });
  }
  for (const nodeName of nodes)
    for (const kind of ['small', 'medium', 'large', 'held']) await world.running(`${kind}-${nodeName}`);
  const end = Date.now() + milliseconds;
  for (let round = 1; Date.now() < end; round += 1) {
    const made: string[] = [];
    const make = async (name: string, spec: CheckpointSpec): Promise<void> => {
      await world.create(`${name}-${round}`, spec);
      made.push(`${name}-${round}`);
    };
    for (const nodeName of nodes) {
      for (const kind of ['small', 'medium', 'large'])
        await make(`${kind}-${nodeName}`, { podName: `${kind}-${nodeName}` });
      await make(`held-${nodeName}`, { podName: `held-${nodeName}`, hold: { seconds: 1 + (round % 3) } });
      // Three hundred processes take longer than a millisecond.
      await make(`late-${nodeName}`, { podName: `large-${nodeName}`, maxPauseMilliseconds: 1 });
      await make(`dry-${nodeName}`, { podName: `small-${nodeName}`, dryRun: true });
    }
    await make('nobody', { podName: 'nobody' });
    for (const name of made) await world.ended(name);
  }
  // The last captures are in the next scrape.
  await sleep(2 * SCRAPE_SECONDS * 1000);
}

function processes(count: number): string {
  return `for i in $(seq ${count}); do sleep 3600 & done; wait`;
}

/** Registers the ghost, and makes room on it for an agent. */
export async function makeGhost(cluster: Cluster): Promise<void> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: GHOST, labels: { 'kubernetes.io/os': 'linux' } } };
  const made = await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(node) });
  if (made.status !== 0) throw new Error(made.stderr);
  // Without room the scheduler would not put the agent there.
  const room = { cpu: '4', memory: '8Gi', pods: '10' };
  const patch = JSON.stringify({ status: { capacity: room, allocatable: room } });
  const patched = await cluster.kubectl(['patch', 'node', GHOST, '--subresource=status', '--type=merge', '-p', patch]);
  if (patched.status !== 0) throw new Error(patched.stderr);
}

/** Removes the ghost and its agent's pod, which no kubelet would ever end. */
export async function removeGhost(cluster: Cluster, { api }: World): Promise<void> {
  await cluster.kubectl(['delete', 'node', GHOST, '--ignore-not-found']);
  await until('the pods of the ghost to be gone', async () => {
    const field = `--field-selector=spec.nodeName=${GHOST}`;
    await cluster.kubectl(['delete', 'pods', '-n', STASIS, field, '--force', '--grace-period=0']);
    const labelSelector = 'app.kubernetes.io/component=node-agent';
    const pods = value(await api.list(PODS, { namespace: STASIS, labelSelector })).items;
    return pods.every(({ spec }) => spec.nodeName !== GHOST) ? true : undefined;
  });
}
