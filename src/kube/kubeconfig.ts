/**
 * Reads the access data from a kubeconfig with the Kubernetes client library, which handles client certificates, tokens
 * and credential plugins.
 */
import { statSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { fingerprint, type Access, type AccessSource, type TlsTrust } from './access.js';

/** The context name that the library uses for its last resort: an API server without TLS on this machine. */
const LAST_RESORT = 'loaded-context';

/** The parts to take from a kubeconfig, as the flags of kubectl of the same names say it. */
export interface KubeconfigChoice {
  /** Default: $KUBECONFIG, ~/.kube/config, and at last the service account of the pod. */
  readonly file?: string;
  /** Default: the current context. */
  readonly context?: string;
  /** The entries to use in place of those of the context. */
  readonly cluster?: string;
  readonly user?: string;
  /** The user and the groups to act for (the flags --as and --as-group). */
  readonly impersonate?: { readonly user: string; readonly groups: readonly string[] };
}

/** Throws when there is no usable kubeconfig. */
export function kubeconfigAccess(choice: KubeconfigChoice = {}): AccessSource {
  let config = load(choice);
  return {
    serverName: new URL(config.getCurrentCluster()?.server ?? '').host,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async read(refused) {
      // A plugin may run for seconds, and the library caches its token until the token expires, so the configuration is
      // kept. Without a plugin the configuration is loaded again: the library caches the token of a file for 60 s, and
      // that would add to the cache here.
      if (refused || config.getCurrentUser()?.exec === undefined) config = load(choice);
      return await readAccess(config, choice.impersonate);
    },
  };
}

/** The names of the entries of a kubeconfig, and the namespaces that its contexts name. Throws where it cannot be read. */
export function kubeconfigNames(file?: string): Record<'contexts' | 'clusters' | 'users' | 'namespaces', string[]> {
  const config = read(file);
  const contexts = config.contexts.filter(({ name }) => name !== LAST_RESORT);
  return {
    contexts: contexts.map(({ name }) => name),
    clusters: config.clusters.map(({ name }) => name),
    users: config.users.map(({ name }) => name),
    namespaces: [...new Set(contexts.flatMap(({ namespace }) => namespace ?? []))],
  };
}

/** Reads the kubeconfig and applies the choice. Throws an error whose message is one line for people. */
export function load(choice: KubeconfigChoice): KubeConfig {
  const { file, context, cluster, user } = choice;
  const config = read(file);
  if (context !== undefined) {
    if (config.getContextObject(context) === null) throw new Error(`the kubeconfig has no context named ${context}`);
    config.setCurrentContext(context);
  }
  if (cluster !== undefined || user !== undefined) useEntries(config, cluster, user);
  const found = file !== undefined || config.getCurrentContext() !== LAST_RESORT;
  if (!found || config.getCurrentCluster() === null)
    throw new Error(`no cluster to connect to: ${file ?? 'no kubeconfig and no service account'}`);
  return config;
}

/** A kubeconfig with the certificates of a hundred clusters has less than 1 MiB. */
const LONGEST_FILE = 16 << 20;

/**
 * As kubectl does, it leaves out the files of $KUBECONFIG that are not there, and the first file that says something counts. The
 * library lets the last current context count, which may be that of another cluster.
 */
function read(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  const listed = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (file === undefined && listed.length === 0) {
    config.loadFromDefault();
    return config;
  }
  const found = file === undefined ? listed.filter((path) => sizeOf(path) !== undefined) : [file];
  const [first, ...others] = found;
  if (first === undefined) throw new Error(`no file of $KUBECONFIG is there: ${listed.join(delimiter)}`);
  readFile(config, first);
  for (const path of others) {
    const other = new KubeConfig();
    readFile(other, path);
    config.clusters = together(config.clusters, other.clusters);
    config.users = together(config.users, other.users);
    config.contexts = together(config.contexts, other.contexts);
    if (!config.getCurrentContext()) config.setCurrentContext(other.getCurrentContext());
  }
  return config;
}

function together<Entry extends { readonly name: string }>(first: Entry[], others: readonly Entry[]): Entry[] {
  return [...first, ...others.filter(({ name }) => !first.some((each) => each.name === name))];
}

/** The errors of the library do not name the file, and show a part of it, which may be a secret, below their first line. */
function readFile(config: KubeConfig, path: string): void {
  const size = sizeOf(path);
  if (size === undefined) throw new Error(`there is no kubeconfig ${path} (ENOENT)`);
  if (size > LONGEST_FILE) throw new Error(`the kubeconfig ${path} has more than 16 MiB, or is no file`);
  const why = failureOf(() => config.loadFromFile(path));
  if (why !== undefined) throw new Error(`the kubeconfig ${path} cannot be read: ${why}`);
}

function failureOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0];
  }
}

/** Undefined where there is nothing of that name. What is no file, such as /dev/zero, is without bound. */
function sizeOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isFile() ? found.size : Number.POSITIVE_INFINITY;
}

/** Adds a context that has the given cluster and user in place of those of the current context. */
function useEntries(config: KubeConfig, cluster: string | undefined, user: string | undefined): void {
  if (cluster !== undefined && config.getCluster(cluster) === null)
    throw new Error(`the kubeconfig has no cluster named ${cluster}`);
  if (user !== undefined && config.getUser(user) === null) throw new Error(`the kubeconfig has no user named ${user}`);
  const name = 'chosen by flags';
  const current = config.getContextObject(config.getCurrentContext());
  const chosen = { cluster: '', user: '', ...current, ...given({ cluster, user }), name };
  config.contexts = [...config.contexts.filter((each) => each.name !== name), chosen];
  config.setCurrentContext(name);
}

function given(choice: { cluster: string | undefined; user: string | undefined }): { cluster?: string; user?: string } {
  return {
    ...(choice.cluster === undefined ? {} : { cluster: choice.cluster }),
    ...(choice.user === undefined ? {} : { user: choice.user }),
  };
}

async function readAccess(config: KubeConfig, impersonate: KubeconfigChoice['impersonate']): Promise<Access> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no cluster for its current context');
  const server = new URL(cluster.server);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const tls: TlsTrust = {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.servername === undefined ? {} : { servername: options.servername }),
    ...(options.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: options.rejectUnauthorized }),
  };
  return {
    origin: server.origin,
    basePath: server.pathname.replace(/\/+$/, ''),
    proxy: cluster.proxyUrl,
    headers: { ...textHeaders(options.headers), ...basic(options.auth), ...impersonation(impersonate) },
    tls,
    fingerprint: fingerprint(server.origin, cluster.proxyUrl, tls),
  };
}

/** Header values are trimmed: a token file that ends in a newline would otherwise produce an invalid header. */
function textHeaders(headers: RequestOptions['headers']): Record<string, string> {
  const entries = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value).trim()]));
}

function basic(auth: string | null | undefined): Record<string, string> {
  if (auth === undefined || auth === null) return {};
  return { authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonation(impersonate: KubeconfigChoice['impersonate']): Record<string, string | readonly string[]> {
  if (impersonate === undefined) return {};
  const { user, groups } = impersonate;
  return { 'impersonate-user': user, ...(groups.length === 0 ? {} : { 'impersonate-group': groups }) };
}
