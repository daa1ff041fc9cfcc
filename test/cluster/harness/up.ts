import { randomBytes } from 'node:crypto';
import type { Server } from 'node:net';
import { join } from 'node:path';

import { makeCertificates } from './certificates.js';
import { makeCgroup } from './cgroup-trees.js';
import { certificatesOf, type Cluster, clusterOf, machineOf, placeOf } from './cluster.js';
import { configureControlPlane, controlPlane } from './control-plane.js';
import { takeDown } from './down.js';
import { keep } from './keeper.js';
import { writeKubeconfig } from './kubeconfig.js';
import { makeBridge } from './network.js';
import { bootNode, type Node, type NodePlan } from './node.js';
import { writeNodeSettings } from './node-settings.js';
import { startPlace } from './place.js';
import { namespaceReady, nodesReady, serverReady } from './readiness.js';
import { reservePort, startRelay } from './relay.js';
import { fetchFrom } from './requests.js';
import { type CgroupView, cgroupsFor, type ClusterState, makeStateFolder, nodeNames, writeState } from './state.js';
import { lastWords } from './logs.js';
import { machineParts, type MachineParts, programs, testImages } from './tools.js';
import { API_ADDRESS } from './addresses.js';
import { type Architecture, nativeArchitecture } from './architecture.js';
import { makeMachine, turnOn, untilUp } from '../vm/systemd-node.js';

export interface UpOptions {
  /** Lower-case letters, digits and hyphens. Default `test`. An existing cluster of this name is taken down first. */
  readonly name?: string;
  /** Number of nodes, which are named node-1, node-2, … Default 2. 0: a control plane alone. */
  readonly nodes?: number;
  /**
   * The controllers that kube-controller-manager runs; default: those that it runs by default. Node objects without a kubelet
   * need the node's life cycle to be left out, which would evict their pods.
   */
  readonly controllers?: readonly string[];
  /**
   * The cgroup hierarchies that a node sees, by its name; default all. With v2 alone, kubelet and runc use v2 for
   * everything. If the machine's controllers belong to v1, pods on such a node have no limits, but they freeze like any
   * others.
   */
  readonly views?: Readonly<Record<string, CgroupView>>;
  /**
   * Adds one more node: an emulated machine with systemd, cgroup v2 alone and a distribution's kernel. The value is its
   * architecture; true means that of this machine.
   */
  readonly systemdNode?: boolean | Architecture;
  /** The oldest Kubernetes that the product supports, with containerd and runc of Debian. */
  readonly oldest?: boolean;
  /** Leaves the cluster running when the caller ends. Otherwise it is taken down with the caller, however that ends. */
  readonly stay?: boolean;
  /** Called at the beginning of each step, with the seconds so far. */
  readonly onStep?: (step: string, seconds: number) => void;
}

/** Brings a cluster up. Returns when pods can be started on every node. When it throws, nothing is left behind. */
export async function up(options: UpOptions = {}): Promise<Cluster> {
  const name = options.name ?? 'test';
  const began = performance.now();
  const step = (what: string): void => options.onStep?.(what, (performance.now() - began) / 1000);
  step('programs and images');
  const folder = await programs(options.oldest);
  const images = await testImages(folder, nativeArchitecture());
  const { systemdNode = false } = options;
  const architecture = systemdNode === true ? nativeArchitecture() : systemdNode;
  const parts = architecture === false ? undefined : await machineParts(folder, architecture);
  await takeDown(name);
  const id = randomBytes(4).toString('hex');
  const release = options.stay === true ? (): void => undefined : keep(name, id);
  try {
    const { port, server } = await reservePort();
    const nodes = Array.from({ length: options.nodes ?? 2 }, (_, at) => `node-${at + 1}`);
    const views = options.views ?? {};
    const own = { name, id, nodes, views, port, programs: folder, cgroups: cgroupsFor(name, id) };
    const state: ClusterState = {
      ...own,
      ...(architecture === false ? {} : { systemdNode: `node-${nodes.length + 1}`, architecture }),
      ...(options.controllers === undefined ? {} : { controllers: options.controllers }),
    };
    return await build(state, server, { images, parts }, step, release);
  } catch (error) {
    const logs = lastWords(name);
    await takeDown(name);
    release();
    throw new Error(`the cluster ${name} does not come up: ${String(error)}\n${logs}`, { cause: error });
  }
}

/** `server` listens on the state's port until the relay takes over. */
async function build(
  state: ClusterState,
  server: Server,
  { images, parts }: { readonly images: string; readonly parts: MachineParts | undefined },
  step: (what: string) => void,
  release: () => void,
): Promise<Cluster> {
  // The state is written before anything is created that must be taken down later.
  makeStateFolder(state.name);
  writeState(state);
  const names = nodeNames(state);
  const count = state.nodes.length;
  const cluster = clusterOf(state, release);
  const control = placeOf(state, 'control');
  const certificates = certificatesOf(state);
  step('certificates and namespaces');
  for (const cgroup of state.cgroups) makeCgroup(cgroup);
  await Promise.all([makeCertificates(certificates, names), startPlace(control)]);
  configureControlPlane(control, certificates);
  writeKubeconfig(cluster.kubeconfig, cluster.server, certificates, 'admin');
  await makeBridge(control);
  const machine = machineOf(state);
  if (machine !== undefined && parts !== undefined) {
    step(`disks of ${machine.name}`);
    await makeMachine(machine, parts, certificates);
    await turnOn(machine);
  }
  step('control plane and containerd');
  const plane = controlPlane(control, certificates, state.controllers);
  // All programs start at once: they wait for each other by themselves, and the API server takes longest.
  await Promise.all([plane.etcd, plane.apiserver, plane.controllerManager, plane.scheduler].map((one) => one.launch()));
  const local = state.nodes.map((name) => cluster.node(name));
  const booted = local.map((one, at) => {
    const plan: NodePlan = { place: placeOf(state, one.name), index: at + 1, count, control };
    return boot(one, plan, certificates, images);
  });
  const fetch = fetchFrom(cluster.server, certificates);
  await Promise.all([startRelay(control, server), ...booted]);
  await serverReady(fetch);
  step('kubelets');
  await Promise.all(local.map((one) => one.kubelet.start()));
  // Each of the two ends when the API server, which has a slow start on a busy machine, did not admit it for 10 s. In
  // other clusters kubelet starts it again. This is late enough: by now it either was admitted or has ended.
  for (const one of [plane.controllerManager, plane.scheduler]) if (!(await one.running())) await one.launch();
  if (machine !== undefined) {
    step(`${machine.name} boots`);
    await untilUp(machine);
    step(`${machine.name} becomes Ready`);
  }
  await Promise.all([nodesReady(fetch, names), namespaceReady(fetch, 'default')]);
  step('ready');
  return cluster;
}

async function boot(one: Node, plan: NodePlan, certificates: string, images: string): Promise<void> {
  writeNodeSettings(plan.place, plan.index, certificates);
  writeKubeconfig(join(plan.place.state, 'kubelet.kubeconfig'), `https://${API_ADDRESS}:443`, certificates, one.name);
  await bootNode(plan, one.containerd);
  await one.loadImage(images);
}
