import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { nodeAddress } from './addresses.js';
import { removeCgroups } from './cgroup-trees.js';
import { connectNode } from './network.js';
import { CONTAINERD_SOCKET } from './node-settings.js';
import { execIn, fileIn, type Place, startPlace } from './place.js';
import type { Ran, RunOptions } from './run.js';
import { type Service, service } from './service.js';

export type NodeService = 'containerd' | 'kubelet';

/** A node of the cluster: a set of namespaces in which containerd and kubelet run. */
export interface Node {
  readonly name: string;
  /** The node's address on the control plane's network. */
  readonly address: string;
  /** The node's cgroup in every hierarchy, as the caller sees them. */
  readonly cgroups: readonly string[];
  readonly containerd: Service;
  readonly kubelet: Service;
  /** Runs a command as root in all of the node's namespaces. */
  exec(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  logs(name: NodeService): string;
  restart(name: NodeService): Promise<void>;
  kill(name: NodeService): Promise<void>;
  /** Returns a path by which the caller can open a file of the node. */
  file(path: string): string;
  /** Acts like a power cut: every process of the node is gone at once. Files below /var stay. */
  stop(): Promise<void>;
  /** Starts the node again after {@link stop}. Returns when containerd and kubelet answer. */
  start(): Promise<void>;
  /** Imports a docker-archive or OCI tar. */
  loadImage(tar: string): Promise<void>;
}

export interface NodePlan {
  readonly place: Place;
  /** Number of the node, from 1. */
  readonly index: number;
  readonly count: number;
  readonly control: Place;
}

/** The port on which the API server asks the node for logs and exec. */
const KUBELET_PORT = 10_250;
/**
 * How often kubelet is launched again. It ends when containerd listens but is not initialized yet, which can last a
 * second on a busy machine.
 */
const KUBELET_RELAUNCHES = 5;

export function node(plan: NodePlan): Node {
  const { place } = plan;
  const containerd = service(
    place,
    'containerd',
    ['containerd', '--config', join(place.state, 'containerd.toml')],
    CONTAINERD_SOCKET,
  );
  const command = kubeletCommand(place, nodeAddress(plan.index));
  const kubelet = service(place, 'kubelet', command, KUBELET_PORT, KUBELET_RELAUNCHES);
  const services = { containerd, kubelet };
  return {
    name: place.name,
    address: nodeAddress(plan.index),
    cgroups: place.cgroups,
    ...services,
    exec: (argv, options) => execIn(place, argv, options),
    logs: (name) => services[name].logs(),
    restart: (name) => services[name].restart(),
    kill: (name) => services[name].kill(),
    file: (path) => fileIn(place, path),
    stop: async () => {
      const left = await removeCgroups(place.cgroups);
      if (left.length > 0) throw new Error(`${place.name} does not stop: ${left.join('; ')}`);
    },
    start: async () => {
      await bootNode(plan, containerd);
      await kubelet.start();
    },
    loadImage: (tar) => importImage(place, tar),
  };
}

/** Starts namespaces, network and containerd, but not kubelet. */
export async function bootNode(plan: NodePlan, containerd: Service): Promise<void> {
  await startPlace(plan.place);
  await connectNode(plan.control, plan.place, plan.index, plan.count);
  await containerd.start();
}

/** The tar is passed by standard input, because its path may lead elsewhere inside the node. */
async function importImage(place: Place, tar: string): Promise<void> {
  const inputFd = openSync(tar, 'r');
  try {
    const ran = await execIn(place, ['ctr', '--namespace', 'k8s.io', 'images', 'import', '-'], { inputFd });
    if (ran.status !== 0) throw new Error(`${place.name} does not take ${tar}: ${ran.stderr}`);
  } finally {
    closeSync(inputFd);
  }
}

function kubeletCommand(place: Place, address: string): string[] {
  return [
    'kubelet',
    `--config=${join(place.state, 'kubelet.json')}`,
    `--kubeconfig=${join(place.state, 'kubelet.kubeconfig')}`,
    `--hostname-override=${place.name}`,
    `--node-ip=${address}`,
  ];
}
