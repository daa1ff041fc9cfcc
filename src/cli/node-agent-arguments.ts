/** The options of `stasis node-agent`, the command that the chart's DaemonSet runs. */
import type { Command } from 'commander';
import { addClusterOptions, checkNamespaces, checkPort } from './cluster-options.js';
import { addLogOptions, checkLogOptions, type LogArguments, type RawLogOptions } from './log-options.js';
import { handOver, type OptionArguments } from './option-command.js';
import { checkInteger, given, refuse, type Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

/** The options after the checks. Options without a fixed default stay absent. */
export interface NodeAgentArgumentsOptions extends LogArguments {
  readonly kubeconfig?: string;
  readonly nodeName?: string;
  readonly namespace?: string;
  readonly podUid?: string;
  readonly cgroupRoot?: string;
  readonly artifacts: string;
  /** The path of the guard's socket. */
  readonly guard: string;
  readonly port: number;
  readonly maxConcurrentCaptures: number;
}

export type NodeAgentArguments = OptionArguments<'node-agent', NodeAgentArgumentsOptions>;

interface RawOptions extends RawLogOptions {
  readonly kubeconfig?: string;
  readonly nodeName?: string;
  readonly namespace?: string;
  readonly podUid?: string;
  readonly cgroupRoot?: string;
  readonly artifacts?: string;
  readonly guard?: string;
  readonly port?: string;
  readonly maxConcurrentCaptures?: string;
}

const MOST_CAPTURES = 64;

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
  addClusterOptions(declared)
    .option('--node-name <name>', 'the node that it runs on (default: $NODE_NAME)')
    .option('--pod-uid <uid>', "UID of the agent's own pod (default: $POD_UID)")
    .option('--cgroup-root <dir>', "where the host's cgroups are mounted (default: every cgroup mount counts)")
    .option('--artifacts <dir>', 'where whole trees are written (default: /var/lib/stasis)')
    .option('--guard <socket>', 'where the guard listens (default: /run/stasis/guard/private/guard.sock)')
    .option('--port <port>', 'of health and metrics (default: 8081)')
    .option('--max-concurrent-captures <n>', `of different pods at a time, at most ${MOST_CAPTURES} (default: 4)`);
  addLogOptions(declared);
  handOver(declared, { kind: 'node-agent', help: AFTER, check: checkOptions, done });
}

function checkOptions(raw: RawOptions): Checked<NodeAgentArgumentsOptions> {
  const port = checkPort(raw.port ?? '8081');
  if (!port.ok) return port;
  const most = checkInteger('--max-concurrent-captures', raw.maxConcurrentCaptures ?? '4', 1, MOST_CAPTURES);
  if (!most.ok) return most;
  const log = checkLogOptions(raw);
  if (!log.ok) return log;
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
      ...given({ kubeconfig, nodeName, namespace, podUid, cgroupRoot }),
      artifacts,
      guard,
      port: port.value,
      maxConcurrentCaptures: most.value,
    },
  };
}
