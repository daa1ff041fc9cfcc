import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { nativeArchitecture } from './architecture.js';
import { identity } from './certificates.js';
import { auditLogOf, type ControlPlane, controlPlane } from './control-plane.js';
import { takeDown } from './down.js';
import { type Node, node } from './node.js';
import { type Place, readLog } from './place.js';
import { type Ran, run, type RunOptions } from './run.js';
import { fetchFrom } from './requests.js';
import { nodesReady, serverReady } from './readiness.js';
import { type ClusterState, nodeNames, readState, stateFolder } from './state.js';
import type { Machine } from '../vm/machine.js';
import { systemdNode } from '../vm/systemd-node.js';

/** A running cluster. Any process can hold one, not only the process that created it. */
export interface Cluster extends ControlPlane {
  readonly name: string;
  /** Path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT`, reachable from the machine itself. */
  readonly server: string;
  readonly nodes: readonly Node[];
  /** Returns a node by its name. Throws when it does not exist. */
  node(name: string): Node;
  /** The namespaces of the control plane, for programs that a test adds. */
  readonly control: Place;
  /** Path of the certificate of the cluster's authority. */
  readonly authority: string;
  /** Runs kubectl as the administrator, or as the user `as`. */
  kubectl(args: readonly string[], options?: RunOptions & { readonly as?: string }): Promise<Ran>;
  helm(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Returns the command and environment with which the caller can run the tool itself. */
  tool(name: 'kubectl' | 'helm'): { readonly command: string; readonly env: Readonly<Record<string, string>> };
  /** Imports a docker-archive or OCI tar on every node. */
  loadImage(tar: string): Promise<void>;
  /** Path of the API server's audit log: one line of JSON per write, except writes of node Leases. */
  auditLog(): string;
  /** Returns the parsed lines of the audit log. */
  auditEvents(): readonly Record<string, unknown>[];
  /**
   * Returns the output of a program, such as `etcd`, `kube-apiserver` or `node-1/kubelet`, since the cluster came up.
   */
  logsOf(program: string): string;
  /** Waits until the API server answers and all nodes are Ready. */
  ready(): Promise<void>;
  /** Takes the cluster down and removes everything. */
  down(): Promise<void>;
}

/** Opens a running cluster. Undefined when there is none of this name. */
export function attach(name: string, onDown: () => void = () => undefined): Cluster | undefined {
  const state = readState(name);
  return state === undefined ? undefined : clusterOf(state, onDown);
}

export function placeOf(state: ClusterState, name: string): Place {
  return {
    name,
    state: join(stateFolder(state.name), name),
    cgroups: state.cgroups.map((directory) => join(directory, name)),
    programs: state.programs,
    view: state.views[name] ?? 'all',
  };
}

/** Returns the systemd node. Undefined when the cluster has none. */
export function machineOf(state: ClusterState): Machine | undefined {
  const { systemdNode: name, architecture = nativeArchitecture(), nodes } = state;
  if (name === undefined) return undefined;
  const folder = join(stateFolder(state.name), name);
  return { name, index: nodes.length + 1, architecture, state: folder, control: placeOf(state, 'control') };
}

export function certificatesOf(state: ClusterState): string {
  return join(stateFolder(state.name), 'certificates');
}

export function clusterOf(state: ClusterState, onDown: () => void): Cluster {
  const control = placeOf(state, 'control');
  const kubeconfig = join(stateFolder(state.name), 'kubeconfig');
  const server = `https://127.0.0.1:${state.port}`;
  const count = state.nodes.length;
  const machine = machineOf(state);
  const nodes = [
    ...state.nodes.map((name, at) => node({ place: placeOf(state, name), index: at + 1, count, control })),
    ...(machine === undefined ? [] : [systemdNode(machine)]),
  ];
  const env = toolEnvironment(state, kubeconfig);
  const program = (name: string): string => join(state.programs, 'bin', name);
  const tool = (name: string, args: readonly string[], options?: RunOptions): Promise<Ran> =>
    run([program(name), ...args], { ...options, env: { ...env, ...options?.env } });
  return {
    name: state.name,
    kubeconfig,
    server,
    control,
    authority: identity(certificatesOf(state), 'ca').certificate,
    nodes,
    node: (name) => {
      const found = nodes.find((one) => one.name === name);
      if (found === undefined) throw new Error(`no node ${name} in ${nodeNames(state).join(', ')}`);
      return found;
    },
    ...controlPlane(control, certificatesOf(state), state.controllers),
    kubectl: (args, options) =>
      tool('kubectl', options?.as === undefined ? args : [`--as=${options.as}`, ...args], options),
    helm: (args, options) => tool('helm', args, options),
    tool: (name) => ({ command: program(name), env }),
    loadImage: async (tar) => {
      await Promise.all(nodes.map((one) => one.loadImage(tar)));
    },
    auditLog: () => auditLogOf(control),
    auditEvents: () => parseLines(readFileSync(auditLogOf(control), 'utf8')),
    logsOf: (path) => {
      const [place, name] = path.includes('/') ? path.split('/') : ['control', path];
      return readLog(placeOf(state, place ?? ''), name ?? '');
    },
    ready: async () => {
      const fetch = fetchFrom(server, certificatesOf(state));
      await serverReady(fetch);
      await nodesReady(fetch, nodeNames(state));
    },
    down: async () => {
      await takeDown(state.name);
      onDown();
    },
  };
}

/** The caches of kubectl and helm are in the cluster's folder, so that they are removed with it. */
function toolEnvironment(state: ClusterState, kubeconfig: string): Record<string, string> {
  const caches = join(stateFolder(state.name), 'caches');
  const helm = { HELM_CACHE_HOME: caches, HELM_CONFIG_HOME: caches, HELM_DATA_HOME: caches };
  return { KUBECONFIG: kubeconfig, KUBECACHEDIR: caches, NO_PROXY: '127.0.0.1', ...helm };
}

/** The last line may be incomplete. */
function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
