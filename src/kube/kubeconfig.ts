/** The API server as a kubeconfig names it, by the Kubernetes client library: client certificates, tokens and plugins. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { fingerprint, type Access, type AccessSource, type TlsTrust } from './access.js';

/** The name that the library gives to its last resort, an API server without TLS on this very machine. */
const LAST_RESORT = 'loaded-context';

/** Throws when there is no kubeconfig that can be used. `file` defaults to $KUBECONFIG, then ~/.kube/config. */
export function kubeconfigAccess(file: string | undefined): AccessSource {
  let config = load(file);
  return {
    serverName: new URL(config.getCurrentCluster()?.server ?? '').host,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async read(refused) {
      // A plugin's token is kept by the library until it expires, and running the plugin may take seconds; the token of a
      // file is kept by it for 60 s of its own, which would add to ours.
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

/** Trimmed: a token file that ends in a newline would make a header that no HTTP client sends. */
function textHeaders(headers: RequestOptions['headers']): Record<string, string> {
  const entries = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value).trim()]));
}

function basic(auth: string | null | undefined): Record<string, string> {
  if (auth === undefined || auth === null) return {};
  return { authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
}
