/** Runs `stasis node-agent`: connects the agent to the cluster and to the kernel of this machine. */
import { Registry } from 'prom-client';
import { systemClock } from '../kube/clock.js';
import { connect, type KubeConnection } from '../kube/connect.js';
import { createLogger } from '../kube/log.js';
import { kubeMetrics } from '../kube/metrics.js';
import { openLibc } from '../native/libc.js';
import { readCmdlines } from '../node-agent/report/cmdline-reader.js';
import { ownFreezer } from '../node-agent/resolve/own-cgroup.js';
import { rehearse } from '../node-agent/tracer/rehearsal.js';
import type { ContainersRequest } from '../node-agent/resolve/containers.js';
import type { ResolveRoots } from '../node-agent/resolve/request.js';
import { runAgent } from '../node-agent/service/agent.js';
import { DiskGate } from '../node-agent/service/disk-gate.js';
import { guardDoor } from '../node-agent/service/guard-door.js';
import { GuardKeeper } from '../node-agent/service/guard-keeper.js';
import { likelyWay } from '../node-agent/service/likely-way.js';
import { startTracer, type Tracer } from '../node-agent/tracer/tracer.js';
import { garbageCollector } from './garbage-collector.js';
import type { NodeAgentArgumentsOptions } from './node-agent-arguments.js';

export type NodeAgentOutcome = { readonly kind: 'unusable'; readonly message: string } | { readonly kind: 'ended' };

/** With hostPID, the procfs of the container shows the processes of the host. */
const PROC = '/proc';

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Receives each log line. */
  readonly sink: (line: string) => void;
  readonly version: string;
  readonly pid: number;
  /** Ends this process at once, by SIGKILL. */
  readonly die: () => void;
}

/** Runs until `signal` aborts. */
export async function runNodeAgent(
  options: NodeAgentArgumentsOptions,
  { environment, sink, version, pid, die }: Surroundings,
  signal: AbortSignal,
): Promise<NodeAgentOutcome> {
  const nodeName = options.nodeName ?? environment['NODE_NAME'] ?? '';
  if (nodeName === '') return missing('--node-name');
  const namespace = options.namespace ?? environment['POD_NAMESPACE'] ?? '';
  if (namespace === '') return missing('--namespace');
  const podUID = options.podUid ?? environment['POD_UID'] ?? '';
  if (podUID === '') return missing('--pod-uid');

  const clock = systemClock();
  const log = createLogger({ level: options.logLevel, format: options.logFormat, sink, wall: () => clock.wall() });
  const registry = new Registry();
  const metrics = kubeMetrics(registry);
  const { kubeconfig, cgroupRoot } = options;
  const collect = garbageCollector();
  let api: KubeConnection;
  try {
    api = await connect({
      userAgent: `stasis-node-agent/${version}`,
      onRequest: metrics.onRequest,
      collect,
      clock,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    });
  } catch (error) {
    return { kind: 'unusable', message: error instanceof Error ? error.message : String(error) };
  }
  const roots: ResolveRoots = { proc: PROC, self: pid, ...(cgroupRoot === undefined ? {} : { cgroupRoot }) };
  const libc = openLibc();
  const guard = new GuardKeeper({ door: guardDoor(libc, options.guard, ownFreezer(roots)), clock, log });
  const parts = {
    api,
    leaseApi: api.leaseApi,
    metrics,
    registry,
    version,
    clock,
    random: Math.random,
    log,
    gate: new DiskGate(clock),
    guard,
    start: async () => await startTracer(libc, guard),
    rehearse: async (tracer: Tracer) => {
      const way = likelyWay(roots);
      if (way === undefined) log.warn('own cgroup not found: nothing is rehearsed', {});
      return way && (await rehearse(tracer, roots, [way]));
    },
    resolve: async (tracer: Pick<Tracer, 'resolve'>, request: ContainersRequest) =>
      await tracer.resolve(request, roots),
    readCmdlines: async (tree: Parameters<typeof readCmdlines>[1]) => await readCmdlines(PROC, tree),
    die,
    collect,
  };
  try {
    await runAgent({ ...options, nodeName, namespace, podUID, proc: PROC }, parts, signal);
    return { kind: 'ended' };
  } finally {
    await api.close();
  }
}

function missing(option: string): NodeAgentOutcome {
  return { kind: 'unusable', message: `${option}: the value is missing` };
}
