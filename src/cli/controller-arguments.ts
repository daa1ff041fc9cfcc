/** The options of `stasis controller`, the command that the chart's Deployment runs. */
import type { Command } from 'commander';
import {
  addClusterOptions,
  addMetricsOptions,
  checkMetrics,
  checkNamespaces,
  checkPatterns,
  checkPort,
  type RawMetricsOptions,
} from './cluster-options.js';
import { addLogOptions, checkLogOptions, type LogArguments, type RawLogOptions } from './log-options.js';
import type { SecureMetrics } from '../kube/metrics-server.js';
import { handOver, type OptionArguments } from './option-command.js';
import { checkInteger, checkOptionalInteger, given, refuse, type Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

/** The options after the checks. Options without a fixed default stay absent. */
export interface ControllerArgumentsOptions extends LogArguments {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly identity?: string;
  /** Names of namespaces, and patterns in which `*` stands for any number of characters. */
  readonly excludedNamespaces: readonly string[];
  /** For Checkpoints without a TTL of their own. Absent: they stay. */
  readonly defaultTTLSeconds?: number;
  /** Finished Checkpoints that are kept in each namespace. Absent: all of them. */
  readonly historyLimit?: number;
  /** Names and patterns of the handlers of RuntimeClasses whose pods are refused. */
  readonly sandboxedRuntimeHandlers: readonly string[];
  /** Name of the agents' DaemonSet. */
  readonly agentDaemonset: string;
  readonly port: number;
  /** Absent: the metrics are on the plain port. */
  readonly secureMetrics?: SecureMetrics;
  readonly workers: number;
  readonly leaseSeconds: number;
}

export type ControllerArguments = OptionArguments<'controller', ControllerArgumentsOptions>;

interface RawOptions extends RawMetricsOptions, RawLogOptions {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly identity?: string;
  readonly excludedNamespaces?: string;
  readonly defaultTtlSeconds?: string;
  readonly historyLimit?: string;
  readonly sandboxedRuntimeHandlers?: string;
  readonly agentDaemonset?: string;
  readonly port?: string;
  readonly workers?: string;
  readonly leaseSeconds?: string;
}

const MOST_WORKERS = 64;
/** A year, as in the schema of `ttlSecondsAfterFinished`. */
const LONGEST_TTL_SECONDS = 31_536_000;
/** A finished Checkpoint and its PodCapture take about 40 kB in etcd: more than this is no limit. */
const MOST_HISTORY = 100_000;
/**
 * A renewal must succeed within two thirds of the lease. With a shorter lease, that is less than 2 s, which is too
 * little for a slow API server.
 */
const SHORTEST_LEASE_SECONDS = 3;
/**
 * The leader renews after 2/15 of the lease, 12 s at most. The interval must stay below 20 s, because a leader that
 * sees no renewal for so long takes its watch for broken (LONGEST_SILENCE_MILLISECONDS in src/controller/watches.ts).
 */
const LONGEST_LEASE_SECONDS = 90;

/** The form of an object's name: a DNS subdomain. A field selector takes the name as it is. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

const AFTER = `
Serves /healthz, /readyz and /metrics. Logs to stderr. Of several replicas one leads, by a Lease; the others wait.

Exit status:
  0  ended by SIGTERM, SIGINT, SIGHUP or SIGQUIT
  1  leadership was lost, or a defect
  2  unusable arguments`;

/** Adds the command to the program. `done` is called with the meaning of a command line that names this command. */
export function addController(program: Command, done: (result: ControllerArguments) => void): void {
  const declared = program
    .command('controller')
    .summary('in a cluster: dispatch Checkpoints to the nodes')
    .description(
      "Makes a PodCapture of each Checkpoint for the agent of the pod's node, and copies what came of it. Needs no privilege.",
    );
  addMetricsOptions(addClusterOptions(declared))
    .option('--identity <id>', 'unique to this replica (default: $POD_NAME)')
    .option('--excluded-namespaces <a,b-*>', 'whose pods are never held, names and patterns (default: none)')
    .option('--default-ttl-seconds <n>', 'after which a finished Checkpoint without a TTL is deleted (default: never)')
    .option('--history-limit <n>', 'finished Checkpoints that each namespace keeps (default: all)')
    .option('--sandboxed-runtime-handlers <a,b-*>', 'handlers of RuntimeClasses whose pods are refused (default: none)')
    .option('--agent-daemonset <name>', 'that makes the agents, to count them (default: stasis-node-agent)')
    .option('--port <port>', 'of health and metrics (default: 8080)')
    .option('--workers <n>', `Checkpoints worked on at a time, at most ${MOST_WORKERS} (default: 16)`)
    .option('--lease-seconds <n>', 'after which another replica takes over from one that is gone (default: 15)');
  addLogOptions(declared);
  handOver(declared, { kind: 'controller', help: AFTER, check: checkOptions, done });
}

function checkOptions(raw: RawOptions): Checked<ControllerArgumentsOptions> {
  const port = checkPort(raw.port ?? '8080');
  if (!port.ok) return port;
  const workers = checkInteger('--workers', raw.workers ?? '16', 1, MOST_WORKERS);
  if (!workers.ok) return workers;
  const lease = checkInteger(
    '--lease-seconds',
    raw.leaseSeconds ?? '15',
    SHORTEST_LEASE_SECONDS,
    LONGEST_LEASE_SECONDS,
  );
  if (!lease.ok) return lease;
  const excluded = checkPatterns('--excluded-namespaces', raw.excludedNamespaces ?? '');
  if (!excluded.ok) return excluded;
  const handlers = checkPatterns('--sandboxed-runtime-handlers', raw.sandboxedRuntimeHandlers ?? '');
  if (!handlers.ok) return handlers;
  const ttl = checkOptionalInteger('--default-ttl-seconds', raw.defaultTtlSeconds, 0, LONGEST_TTL_SECONDS);
  if (!ttl.ok) return ttl;
  const history = checkOptionalInteger('--history-limit', raw.historyLimit, 1, MOST_HISTORY);
  if (!history.ok) return history;
  const log = checkLogOptions(raw);
  if (!log.ok) return log;
  const metrics = checkMetrics(raw);
  if (!metrics.ok) return metrics;
  const namespaces = checkNamespaces([raw.namespace]);
  if (!namespaces.ok) return namespaces;
  const { kubeconfig, namespace, identity, agentDaemonset = 'stasis-node-agent' } = raw;
  if (!SUBDOMAIN.test(agentDaemonset))
    return refuse(`--agent-daemonset: ${quoteValue(agentDaemonset)} is not the name of a DaemonSet`);
  return {
    ok: true,
    value: {
      ...log.value,
      ...given({ secureMetrics: metrics.value, kubeconfig, namespace, identity }),
      ...given({ defaultTTLSeconds: ttl.value, historyLimit: history.value }),
      excludedNamespaces: excluded.value,
      sandboxedRuntimeHandlers: handlers.value,
      agentDaemonset,
      port: port.value,
      workers: workers.value,
      leaseSeconds: lease.value,
    },
  };
}
