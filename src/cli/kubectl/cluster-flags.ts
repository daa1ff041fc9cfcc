/** The flags by which every command that reaches the cluster is told which one, as whom and where. They are kubectl's. */
import { Option, type Command } from 'commander';
import { LONGEST_DURATION, parseDuration } from '../duration.js';
import { collect, refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';

export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  /** Time limit for one request, in milliseconds. */
  readonly requestTimeoutMs?: number;
}

/** The values of commander. */
export interface RawClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  readonly requestTimeout?: string;
}

/** A label as in RFC 1123, which the name of a namespace is. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const GROUP = 'Cluster:';

export function isNamespaceName(text: string): boolean {
  return NAMESPACE.test(text);
}

function option(flags: string, text: string): Option {
  return new Option(flags, text).helpGroup(GROUP);
}

/** Adds the flags to a command, below a heading of their own in its help. */
export function addClusterFlags(command: Command): Command {
  return command
    .addOption(option('-n, --namespace <name>', 'default: the namespace of the context'))
    .addOption(option('--context <name>', 'the context of the kubeconfig'))
    .addOption(option('--cluster <name>', 'the cluster of the kubeconfig, in place of that of the context'))
    .addOption(option('--user <name>', 'the user of the kubeconfig, in place of that of the context'))
    .addOption(option('--kubeconfig <file>', 'default: $KUBECONFIG, or ~/.kube/config'))
    .addOption(option('--as <user>', 'act for this user'))
    .addOption(option('--as-group <group>', 'act for this group; may be given more than once').argParser(collect))
    .addOption(option('--request-timeout <time>', 'bound of one request, such as 10s (default: 30s)'));
}

/** Checks the values. The check of the kubeconfig itself is left to the connection. */
export function checkClusterFlags(raw: RawClusterFlags): Checked<ClusterFlags> {
  const { requestTimeout, namespace, as, asGroup, ...names } = raw;
  if (namespace !== undefined && !isNamespaceName(namespace))
    return refuse(`--namespace: ${quoteValue(namespace)} is no name of a namespace`);
  if (as === undefined && asGroup !== undefined) return refuse('--as-group: --as is missing');
  const timeout = checkTimeout(requestTimeout);
  if (!timeout.ok) return timeout;
  const { kubeconfig, context, cluster, user } = names;
  const flags = { kubeconfig, context, cluster, user, namespace, as, asGroup, requestTimeoutMs: timeout.value };
  return { ok: true, value: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) };
}

/** kubectl takes a number without a unit as seconds, and 0 as no bound, for which the longest duration stands. */
function checkTimeout(text: string | undefined): Checked<number | undefined> {
  if (text === undefined) return { ok: true, value: undefined };
  const parsed = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
  if (!parsed.ok) return refuse(`--request-timeout: ${parsed.message}`);
  const microseconds = parsed.microseconds === 0 ? LONGEST_DURATION : parsed.microseconds;
  return { ok: true, value: Math.max(1, Math.round(microseconds / 1000)) };
}
