/** The options of `stasis node-agent`, the command that the chart's DaemonSet runs. */
import type { Command } from 'commander';
import {
  addClusterOptions,
  addMetricsOptions,
  checkMetrics,
  checkNamespaces,
  checkPort,
  type RawMetricsOptions,
} from './cluster-options.js';
import { addLogOptions, checkLogOptions, type LogArguments, type RawLogOptions } from './log-options.js';
import type { SecureMetrics } from '../kube/metrics-server.js';
import { handOver, type OptionArguments } from './option-command.js';
import { checkDuration, checkInteger, given, refuse, type Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

/** The options after the checks. Options without a fixed default stay absent. */
export interface NodeAgentArgumentsOptions extends LogArguments {
  readonly kubeconfig?: string;
  readonly nodeName?: string;
  readonly namespace?: string;
  readonly podUid?: string;
  readonly cgroupRoot?: string;
  readonly artifacts: string;
  /** Size of all artifacts from which on no capture begins, in bytes. */
  readonly artifactsLimitBytes: number;
  readonly pauseBudgetSeconds: number;
  /** The path of the guard's socket. */
  readonly guard: string;
  readonly port: number;
  /** Absent: the metrics are on the plain port. */
  readonly secureMetrics?: SecureMetrics;
  readonly maxConcurrentCaptures: number;
  readonly maxConcurrentHolds: number;
}

export type NodeAgentArguments = OptionArguments<'node-agent', NodeAgentArgumentsOptions>;

interface RawOptions extends RawMetricsOptions, RawLogOptions {
  readonly kubeconfig?: string;
  readonly nodeName?: string;
  readonly namespace?: string;
  readonly podUid?: string;
  readonly cgroupRoot?: string;
  readonly artifacts?: string;
  readonly artifactsLimitBytes?: string;
  readonly pauseBudget?: string;
  readonly guard?: string;
  readonly port?: string;
  readonly maxConcurrentCaptures?: string;
  readonly maxConcurrentHolds?: string;
}

const MOST_CAPTURES = 64;
const MOST_HOLDS = 64;
/** 16 MiB: the artifact of 20,000 processes takes about this much. */
const LEAST_ARTIFACTS_LIMIT = 16 * 2 ** 20;
/** 1 TiB: more is a mistake. */
const MOST_ARTIFACTS_LIMIT = 2 ** 40;

const AFTER = `
Serves /healthz, /readyz and /metrics. Logs to stderr. On SIGTERM it lets go of what it holds, reports, and
ends within 20 s.

Exit status:
  0  ended by SIGTERM, SIGINT, SIGHUP or SIGQUIT
  1  a defect
  2  unusable arguments`;

/** Adds the command to the program. `done` is called with the meaning of a command line that names this command. */
export function addNodeAgent(program: Command, done: (result: NodeAgentArguments) => void): void {
  const declared = program
    .command('node-agent')
    .summary('in a cluster: carry out the captures of this node')
    .description('Watches the PodCaptures of one node, and carries them out. Needs root and CAP_SYS_PTRACE.');
  addMetricsOptions(addClusterOptions(declared))
    .option('--node-name <name>', 'the node that it runs on (default: $NODE_NAME)')
    .option('--pod-uid <uid>', "UID of the agent's own pod (default: $POD_UID)")
    .option('--cgroup-root <dir>', "where the host's cgroups are mounted (default: every cgroup mount counts)")
    .option('--artifacts <dir>', 'where whole trees are written (default: /var/lib/stasis)')
    .option('--artifacts-limit-bytes <n>', 'size of all artifacts from which on no capture begins (default: 1 GiB)')
    .option('--pause-budget <time>', 'the pause to aim at, a metric for dashboards and alerts (default: 100ms)')
    .option('--guard <socket>', 'where the guard listens (default: /run/stasis/guard/private/guard.sock)')
    .option('--port <port>', 'of health and metrics (default: 8081)')
    .option('--max-concurrent-captures <n>', `of different pods at a time, at most ${MOST_CAPTURES} (default: 4)`)
    .option('--max-concurrent-holds <n>', `pods that are held at a time, at most ${MOST_HOLDS} (default: 8)`);
  addLogOptions(declared);
  handOver(declared, { kind: 'node-agent', help: AFTER, check: checkOptions, done });
}

function checkOptions(raw: RawOptions): Checked<NodeAgentArgumentsOptions> {
  const port = checkPort(raw.port ?? '8081');
  if (!port.ok) return port;
  const most = checkInteger('--max-concurrent-captures', raw.maxConcurrentCaptures ?? '4', 1, MOST_CAPTURES);
  if (!most.ok) return most;
  const holds = checkInteger('--max-concurrent-holds', raw.maxConcurrentHolds ?? '8', 1, MOST_HOLDS);
  if (!holds.ok) return holds;
  const log = checkLogOptions(raw);
  if (!log.ok) return log;
  const limit = checkInteger(
    '--artifacts-limit-bytes',
    raw.artifactsLimitBytes ?? String(2 ** 30),
    LEAST_ARTIFACTS_LIMIT,
    MOST_ARTIFACTS_LIMIT,
  );
  if (!limit.ok) return limit;
  const budget = checkDuration('--pause-budget', raw.pauseBudget ?? '100ms', { positive: true });
  if (!budget.ok) return budget;
  const metrics = checkMetrics(raw);
  if (!metrics.ok) return metrics;
  const namespaces = checkNamespaces([raw.namespace]);
  if (!namespaces.ok) return namespaces;
  const artifacts = raw.artifacts ?? '/var/lib/stasis';
  const guard = raw.guard ?? '/run/stasis/guard/private/guard.sock';
  for (const [option, path] of [
    ['--artifacts', artifacts],
    ['--guard', guard],
    ['--cgroup-root', raw.cgroupRoot],
  ] as const) {
    if (path !== undefined && !path.startsWith('/'))
      return refuse(`${option}: ${quoteValue(path)} is not an absolute path`);
  }
  const { kubeconfig, nodeName, namespace, podUid, cgroupRoot } = raw;
  return {
    ok: true,
    value: {
      ...log.value,
      ...given({ secureMetrics: metrics.value, kubeconfig, nodeName, namespace, podUid, cgroupRoot }),
      artifacts,
      artifactsLimitBytes: limit.value,
      pauseBudgetSeconds: budget.value / 1_000_000,
      guard,
      port: port.value,
      maxConcurrentCaptures: most.value,
      maxConcurrentHolds: holds.value,
    },
  };
}
