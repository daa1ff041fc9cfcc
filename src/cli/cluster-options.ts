/** The options that all commands for a cluster have: the API server, the namespace and the port. */
import type { Command } from 'commander';
import type { SecureMetrics } from '../kube/metrics-server.js';
import { checkInteger, refuse, type Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

const MOST_PORT = 65_535;
/** A label as in RFC 1123. The API server applies the same rule to names of namespaces. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Adds `--kubeconfig` and `--namespace`. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', "default: $KUBECONFIG, the pod's service account, or ~/.kube/config")
    .option('--namespace <name>', "Stasis's own namespace (default: $POD_NAMESPACE)");
}

export interface RawMetricsOptions {
  readonly metricsPort?: string;
  readonly metricsTls?: string;
}

/** Adds `--metrics-port` and `--metrics-tls`. */
export function addMetricsOptions(command: Command): Command {
  return command
    .option(
      '--metrics-port <port>',
      'metrics over TLS here, for readers whom the API server allows (with --metrics-tls)',
    )
    .option('--metrics-tls <dir>', 'the folder of tls.crt and tls.key (with --metrics-port)');
}

/** Checks `--metrics-port` and `--metrics-tls`, which are of use only together. */
export function checkMetrics({ metricsPort, metricsTls }: RawMetricsOptions): Checked<SecureMetrics | undefined> {
  if (metricsPort === undefined && metricsTls === undefined) return { ok: true, value: undefined };
  if (metricsTls === undefined) return refuse('--metrics-port: --metrics-tls is missing');
  if (metricsPort === undefined) return refuse('--metrics-tls: --metrics-port is missing');
  if (!metricsTls.startsWith('/')) return refuse(`--metrics-tls: ${quoteValue(metricsTls)} is not an absolute path`);
  const port = checkInteger('--metrics-port', metricsPort, 0, MOST_PORT);
  return port.ok ? { ok: true, value: { port: port.value, folder: metricsTls } } : port;
}

/** Checks `--port`. Port 0 stands for any free port. */
export function checkPort(text: string): Checked<number> {
  return checkInteger('--port', text, 0, MOST_PORT);
}

/** A label as in RFC 1123 in which `*` stands for any number of characters. */
const PATTERN = /^[a-z0-9*]([-a-z0-9*]{0,61}[a-z0-9*])?$/;

/**
 * Checks a comma-separated list of names that are labels, such as those of namespaces. In each name, `*` stands for any
 * number of characters. Empty entries are ignored, so that an empty list can be given.
 */
export function checkPatterns(option: string, text: string): Checked<readonly string[]> {
  const patterns = text.split(',').filter((pattern) => pattern !== '');
  const wrong = patterns.find((pattern) => !PATTERN.test(pattern));
  if (wrong === undefined) return { ok: true, value: patterns };
  return refuse(
    `${option}: ${quoteValue(wrong)} is neither a name nor a pattern of lower case letters, digits, '-' and '*'`,
  );
}

/** Checks the names that were given. Undefined names are ignored. */
export function checkNamespaces(names: readonly (string | undefined)[]): Checked<undefined> {
  const wrong = names.find((name) => name !== undefined && !NAMESPACE.test(name));
  return wrong === undefined
    ? { ok: true, value: undefined }
    : refuse(`${quoteValue(wrong)} is no name of a namespace`);
}
