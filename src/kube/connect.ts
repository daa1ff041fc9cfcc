/** From a kubeconfig, or a pod's service account, to an API server. */
import { KubeConfig } from '@kubernetes/client-node';
import type { KubeApi } from './api.js';
import { systemClock, type Clock } from './clock.js';
import { Credentials } from './credentials.js';
import { kubeClient } from './kube-client.js';
import { Transport, type RequestFacts } from './transport.js';

export type { RequestFacts } from './transport.js';

export interface ConnectOptions {
  /** Path of a file. Default: $KUBECONFIG, ~/.kube/config, the pod's service account, in this order. */
  readonly kubeconfig?: string;
  /** 'stasis-controller/0.1.0 (linux/x64)': how audit logs and priority and fairness tell us apart. */
  readonly userAgent: string;
  /** For a request and its whole answer; each retry has it anew. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Called for every request that was sent, retries too. */
  readonly onRequest?: (facts: RequestFacts) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface KubeConnection extends KubeApi {
  /** Host and port of the API server. */
  readonly serverName: string;
  /** Of the current context; in a pod, the pod's own. */
  readonly namespace: string | undefined;
  /** Cuts every connection: requests under way fail with Unreachable, watches end. */
  close(): Promise<void>;
}

/** Opens no connection yet. Throws when there is no kubeconfig that can be used: nothing can start without. */
export function connect(options: ConnectOptions): KubeConnection {
  const config = loadConfig(options.kubeconfig);
  const clock = options.clock ?? systemClock();
  const credentials = new Credentials(() => loadConfig(options.kubeconfig), clock);
  const transport = new Transport({
    credentials,
    clock,
    random: options.random ?? Math.random,
    userAgent: options.userAgent,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    onRequest: options.onRequest ?? (() => undefined),
  });
  return {
    ...kubeClient(transport),
    serverName: new URL(config.getCurrentCluster()?.server ?? '').host,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    close: () => transport.close(),
  };
}

/** The name that the library gives to its last resort, an API server without TLS on this very machine. */
const LAST_RESORT = 'loaded-context';

function loadConfig(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (file === undefined) config.loadFromDefault();
  else config.loadFromFile(file);
  const found = file !== undefined || config.getCurrentContext() !== LAST_RESORT;
  if (!found || config.getCurrentCluster() === null)
    throw new Error(`no cluster to connect to: ${file ?? 'no kubeconfig and no service account'}`);
  return config;
}
