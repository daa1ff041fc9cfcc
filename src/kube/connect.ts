/** From a kubeconfig, or a pod's service account, to an API server. */
import type { AccessSource } from './access.js';
import type { KubeApi } from './api.js';
import { systemClock, type Clock } from './clock.js';
import { Credentials } from './credentials.js';
import { kubeClient } from './kube-client.js';
import { serviceAccountAccess } from './service-account.js';
import { Transport, type RequestFacts } from './transport.js';

export type { RequestFacts } from './transport.js';

export interface ConnectOptions {
  /** Path of a file. Default: $KUBECONFIG, the pod's service account, ~/.kube/config, in this order. */
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

/** Opens no connection yet. Rejects when there is neither a kubeconfig that can be used nor a service account. */
export async function connect(options: ConnectOptions): Promise<KubeConnection> {
  const source = await accessSource(options.kubeconfig);
  const clock = options.clock ?? systemClock();
  const transport = new Transport({
    credentials: new Credentials(source, clock),
    clock,
    random: options.random ?? Math.random,
    userAgent: options.userAgent,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    onRequest: options.onRequest ?? (() => undefined),
  });
  return {
    ...kubeClient(transport),
    serverName: source.serverName,
    namespace: source.namespace,
    close: () => transport.close(),
  };
}

/** What is named comes first, then the pod's service account, then what kubectl would take. */
async function accessSource(kubeconfig: string | undefined): Promise<AccessSource> {
  const inPod = kubeconfig === undefined && !process.env['KUBECONFIG'] ? serviceAccountAccess(process.env) : undefined;
  if (inPod !== undefined) return inPod;
  const { kubeconfigAccess } = await import('./kubeconfig.js');
  return kubeconfigAccess(kubeconfig);
}
