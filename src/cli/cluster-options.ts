/** What the commands that run in a cluster have in common: to which server, in which namespace, on which port. */
import type { Command } from 'commander';
import { checkInteger, refuse, type Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

const MOST_PORT = 65_535;
/** RFC 1123, as the API server checks names of namespaces. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Adds `--kubeconfig` and `--namespace`. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', "default: $KUBECONFIG, the pod's service account, or ~/.kube/config")
    .option('--namespace <name>', "Stasis's own namespace (default: $POD_NAMESPACE)");
}

/** `--port`; 0 is any that is free. */
export function checkPort(text: string): Checked<number> {
  return checkInteger('--port', text, 0, MOST_PORT);
}

/** The names that are given; those that are absent are fine. */
export function checkNamespaces(names: readonly (string | undefined)[]): Checked<undefined> {
  const wrong = names.find((name) => name !== undefined && !NAMESPACE.test(name));
  return wrong === undefined
    ? { ok: true, value: undefined }
    : refuse(`${quoteValue(wrong)} is no name of a namespace`);
}
