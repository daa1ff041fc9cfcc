/** Runs `stasis controller`: connects to the cluster and starts the controller. */
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { createController, leaderTimings } from '../controller/controller.js';
import { systemClock } from '../kube/clock.js';
import { connect, type KubeConnection } from '../kube/connect.js';
import { createHttpServer } from '../kube/http-server.js';
import { MetricsAccess } from '../kube/metrics-access.js';
import { serveMetrics } from '../kube/metrics-server.js';
import { createLogger } from '../kube/log.js';
import { kubeMetrics } from '../kube/metrics.js';
import { processMetrics } from '../kube/process-metrics.js';
import type { ControllerArgumentsOptions } from './controller-arguments.js';
import { garbageCollector } from './garbage-collector.js';

export type ControllerOutcome =
  | { readonly kind: 'unusable'; readonly message: string }
  /** `lost` means that this process may no longer lead and must end. */
  | { readonly kind: 'ended'; readonly result: 'stopped' | 'lost' };

export interface ControllerSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Receives each log line. */
  readonly sink: (line: string) => void;
  readonly version: string;
}

/** Runs until `signal` aborts or leadership is lost. */
export async function runController(
  options: ControllerArgumentsOptions,
  { environment, sink, version }: ControllerSurroundings,
  signal: AbortSignal,
): Promise<ControllerOutcome> {
  const namespace = options.namespace ?? environment['POD_NAMESPACE'] ?? '';
  if (namespace === '') return { kind: 'unusable', message: '--namespace: the value is missing' };
  const name = options.identity ?? environment['POD_NAME'] ?? '';
  if (name === '') return { kind: 'unusable', message: '--identity: the value is missing' };

  const clock = systemClock();
  const log = createLogger({ level: options.logLevel, format: options.logFormat, sink, wall: () => clock.wall() });
  const registry = new Registry();
  processMetrics(registry);
  const metrics = kubeMetrics(registry);
  const { kubeconfig, agentDaemonset, workers, leaseSeconds, port, secureMetrics } = options;
  let api: KubeConnection;
  try {
    const userAgent = `stasis-controller/${version}`;
    api = await connect({
      userAgent,
      onRequest: metrics.onRequest,
      collect: garbageCollector(),
      clock,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    });
  } catch (error) {
    return { kind: 'unusable', message: error instanceof Error ? error.message : String(error) };
  }
  const controller = createController({
    api,
    leaseApi: api.leaseApi,
    settings: {
      namespace,
      excludedNamespaces: options.excludedNamespaces,
      defaultTTLSeconds: options.defaultTTLSeconds,
      historyLimit: options.historyLimit,
      sandboxedRuntimeHandlers: options.sandboxedRuntimeHandlers,
    },
    agentDaemonSet: agentDaemonset,
    // The UUID distinguishes this process from an earlier one of the same pod, whose container was restarted: the Lease
    // must not take the two for the same holder.
    identity: `${name}_${randomUUID()}`,
    workers,
    timings: leaderTimings(leaseSeconds),
    clock,
    random: Math.random,
    log,
    registry,
    version,
    kubeMetrics: metrics,
  });
  const server = createHttpServer({
    healthz: controller.healthz,
    readyz: controller.readyz,
    ...(secureMetrics === undefined ? { registry } : {}),
    onError: (error) => log.error('request failed', { error }),
  });
  try {
    const listening = await server.listen({ port });
    const ended = new AbortController();
    const access = new MetricsAccess({ api, clock, log });
    const serving = secureMetrics && serveMetrics({ ...secureMetrics, registry, access, clock, log }, ended.signal);
    try {
      log.info('started', { version, namespace, identity: name, port: listening.port });
      return { kind: 'ended', result: await controller.run(signal) };
    } finally {
      // An open server would keep the process alive and apparently healthy, although it does nothing any more.
      await listening.close();
      ended.abort();
      await serving;
    }
  } finally {
    await api.close();
  }
}
