/** A cluster of hollow nodes with Stasis in it, on which the parts of the bench are run one after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../cluster/harness/cluster.js';
import { up } from '../../cluster/harness/up.js';
import { Agents } from './agents.js';
import { openAdmin, type Admin } from './admin.js';
import { installChart, type InstalledChart } from './chart.js';
import { Controllers } from './controllers.js';
import { makeNamespaces, makeNodes, NAMESPACES, nodeName, PODS_PER_NODE, podsOf, type PodPlace } from './population.js';
import type { Settings } from './settings.js';
import { Timeline } from './timeline.js';

export interface Site {
  readonly cluster: Cluster;
  readonly admin: Admin;
  readonly chart: InstalledChart;
  readonly agents: Agents;
  readonly controllers: Controllers;
  readonly timeline: Timeline;
  readonly settings: Settings;
  /** Number of nodes. */
  readonly nodes: number;
  /** Names of the nodes that were taken away for good. */
  readonly gone: Set<string>;
  close(): Promise<void>;
}

/**
 * What kube-controller-manager runs. Without a kubelet, the life cycle of nodes would evict every pod, and the controllers of
 * workloads would make pods that nobody starts.
 */
const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'clusterrole-aggregation-controller',
];
/** The parts need room for up to 500 holds, also where there are few nodes. */
const HOLDS_IN_ALL = 640;
/** The chart's own bound of holds on one node. */
export const LEAST_HOLDS = 8;

export async function openSite(nodes: number, settings: Settings, say: (text: string) => void): Promise<Site> {
  say(`a control plane for ${nodes} nodes`);
  const cluster = await up({ name: settings.cluster, nodes: 0, controllers: CONTROLLERS });
  try {
    const admin = await openAdmin(cluster.kubeconfig);
    const chart = await installChart(cluster, admin, settings.workers);
    const agents = new Agents(cluster, {
      processes: settings.processes,
      maxConcurrentHolds: Math.max(LEAST_HOLDS, Math.ceil(HOLDS_IN_ALL / nodes)),
    });
    const controllers = new Controllers(cluster, admin, chart);
    // Connections of their own: a Checkpoint must not wait behind the requests that make and remove nodes.
    const users = await openAdmin(cluster.kubeconfig);
    const timeline = new Timeline(users);
    const close = async (): Promise<void> => {
      timeline.close();
      agents.close();
      await users.close();
      await admin.close();
      await cluster.down();
    };
    const site = {
      cluster,
      admin,
      chart,
      agents,
      controllers,
      timeline,
      settings,
      nodes,
      gone: new Set<string>(),
      close,
    };
    await populate(site, say);
    return site;
  } catch (error) {
    await cluster.down();
    throw error;
  }
}

async function populate({ admin, chart, agents, controllers, timeline, nodes }: Site, say: (text: string) => void) {
  say('nodes and pods');
  await makeNamespaces(
    admin,
    Array.from({ length: NAMESPACES }, (_, at) => `load-${at}`),
  );
  const places = await makeNodes(
    admin,
    Array.from({ length: nodes }, (_, at) => at),
    chart.daemonSet,
  );
  const daemonSet = '/apis/apps/v1/namespaces/stasis-system/daemonsets/stasis-node-agent/status';
  const scheduled = { desiredNumberScheduled: nodes, currentNumberScheduled: nodes, numberReady: nodes };
  await admin.merge(daemonSet, { status: { ...scheduled, numberMisscheduled: 0 } });
  say('hollow agents and controllers');
  await agents.start(places);
  await controllers.start();
  await timeline.open();
  await allHeard(admin, nodes);
}

/** The pods of the nodes that are there. Consecutive pods are on different nodes. */
export function presentPods({ nodes, gone }: Pick<Site, 'nodes' | 'gone'>): readonly PodPlace[] {
  const all = Array.from({ length: nodes }, (_, node) => podsOf(node)).filter(([pod]) => !gone.has(pod?.node ?? ''));
  return Array.from({ length: PODS_PER_NODE }, (_, at) => all.flatMap((pods) => pods[at] ?? [])).flat();
}

/** Waits until every agent has renewed its Lease once. */
async function allHeard(admin: Admin, nodes: number): Promise<void> {
  const end = performance.now() + 120_000;
  while ((await leasesOfNodes(admin)).length < nodes) {
    if (performance.now() > end) throw new Error('not every agent has a Lease after 120 s');
    await sleep(500);
  }
}

/** The nodes that have a heartbeat Lease. */
export async function leasesOfNodes(admin: Admin): Promise<readonly string[]> {
  const { items } = (await admin.get('/apis/coordination.k8s.io/v1/namespaces/stasis-system/leases')) as unknown as {
    readonly items: readonly { readonly metadata: { readonly name: string } }[];
  };
  const prefix = `stasis-node-${nodeName(0).slice(0, -1)}`;
  return items
    .filter(({ metadata }) => metadata.name.startsWith(prefix))
    .map(({ metadata }) => metadata.name.slice('stasis-node-'.length));
}
