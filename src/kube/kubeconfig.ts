/**
 * Reads the access data from a kubeconfig with the Kubernetes client library, which handles client certificates, tokens
 * and credential plugins.
 */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { fingerprint, type Access, type AccessSource, type TlsTrust } from './access.js';

/** The context name that the library uses for its last resort: an API server without TLS on this machine. */
const LAST_RESORT = 'loaded-context';

/** Throws when there is no usable kubeconfig. `file` defaults to $KUBECONFIG, then ~/.kube/config. */
export function kubeconfigAccess(file: string | undefined): AccessSource {
  let config = load(file);
  return {
    serverName: new URL(config.getCurrentCluster()?.server ?? '').host,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async read(refused) {
      // A plugin may run for seconds, and the library caches its token until the token expires, so the configuration is
      // kept. Without a plugin the configuration is loaded again: the library caches the token of a file for 60 s, and
      // that would add to the cache here.
      if (refused || config.getCurrentUser()?.exec === undefined) config = load(file);
      return await readAccess(config);
    },
  };
}

function load(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (file === undefined) config.loadFromDefault();
  else config.loadFromFile(file);
  const found = file !== undefined || config.getCurrentContext() !== LAST_RESORT;
  if (!found || config.getCurrentCluster() === null)
    throw new Error(`no cluster to connect to: ${file ?? 'no kubeconfig and no service account'}`);
  return config;
}

async function readAccess(config: KubeConfig): Promise<Access> {
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
    headers: { ...textHeaders(options.headers), ...basic(options.auth) },
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
