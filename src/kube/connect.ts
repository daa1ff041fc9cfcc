/** Connects to the API server that a kubeconfig or the pod's service account names. */
import type { AccessSource } from './access.js';
import type { KubeApi, LeaseApi } from './api.js';
import { systemClock, type Clock } from './clock.js';
import { Credentials } from './credentials.js';
import type { ExecAccess } from './exec.js';
import { kubeClient, leaseClient } from './kube-client.js';
import type { KubeconfigChoice } from './kubeconfig.js';
import { serviceAccountAccess } from './service-account.js';
import { Transport, type RequestFacts } from './transport.js';

export type { RequestFacts } from './transport.js';

export interface ConnectOptions {
  /**
   * Path of a kubeconfig. Default, in this order: $KUBECONFIG, the pod's service account, ~/.kube/config. With a choice, the
   * kubeconfig comes before the service account, as for kubectl.
   */
  readonly kubeconfig?: string | KubeconfigChoice;
  /**
   * For instance 'stasis-controller/0.1.0 (linux/x64)'. Audit logs and API Priority and Fairness distinguish clients by
   * it.
   */
  readonly userAgent: string;
  /** Time limit for one request and its whole answer; each retry gets the full time again. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Called for every request that was sent, retries included. */
  readonly onRequest?: (facts: RequestFacts) => void;
  /** Runs a full garbage collection; called after a page of a list that was long. */
  readonly collect?: () => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface KubeConnection extends KubeApi {
  /** Host and port of the API server. */
  readonly serverName: string;
  /** The namespace of the kubeconfig's current context or, in a pod, the namespace of the pod. */
  readonly namespace: string | undefined;
  /** For the leader election and the heartbeat: over connections of their own. */
  readonly leaseApi: LeaseApi;
  /** By this, exec.ts reaches the same server with the same credentials. */
  readonly execAccess: ExecAccess;
  /** Closes every connection: pending requests fail with Unreachable, and watches end. */
  close(): Promise<void>;
}

/**
 * Prepares a connection without opening it. Rejects when there is neither a usable kubeconfig nor a service account.
 */
export async function connect(options: ConnectOptions): Promise<KubeConnection> {
  const source = await accessSource(options.kubeconfig);
  const clock = options.clock ?? systemClock();
  const credentials = new Credentials(source, clock);
  const transport = new Transport({
    credentials,
    clock,
    random: options.random ?? Math.random,
    userAgent: options.userAgent,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    onRequest: options.onRequest ?? (() => undefined),
  });
  return {
    ...kubeClient(transport, options.collect),
    leaseApi: leaseClient(transport),
    execAccess: { credentials, clock, userAgent: options.userAgent },
    serverName: source.serverName,
    namespace: source.namespace,
    close: () => transport.close(),
  };
}

/** A given kubeconfig takes precedence, then the pod's service account, then the file that kubectl would use. */
async function accessSource(kubeconfig: string | KubeconfigChoice | undefined): Promise<AccessSource> {
  const inPod = kubeconfig === undefined && !process.env['KUBECONFIG'] ? serviceAccountAccess(process.env) : undefined;
  if (inPod !== undefined) return inPod;
  const { kubeconfigAccess } = await import('./kubeconfig.js');
  return kubeconfigAccess(typeof kubeconfig === 'string' ? { file: kubeconfig } : kubeconfig);
}
