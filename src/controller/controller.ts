/** The controller: elects a leader among its replicas, and reports the health of each replica. */
import type { Registry } from 'prom-client';
import type { KubeApi, LeaseApi } from '../kube/api.js';
import type { Clock } from '../kube/clock.js';
import { EventRecorder } from '../kube/events.js';
import type { NamedCheck } from '../kube/http-server.js';
import { LeaderElector, type LeaderTimings } from '../kube/leader-election.js';
import type { Logger } from '../kube/log.js';
import type { KubeMetrics } from '../kube/metrics.js';
import type { Reflector } from '../kube/reflector.js';
import { AgentCensus } from './agent-census.js';
import { createCaches } from './caches.js';
import { lead } from './lead.js';
import { LEADER_LEASE } from './leader-lease.js';
import { controllerMetrics } from './metrics.js';
import type { Settings } from './observation.js';

export interface ControllerOptions {
  readonly api: KubeApi;
  /** Carries the requests of the leader election, which must not wait behind those of the workers. */
  readonly leaseApi: LeaseApi;
  readonly settings: Settings;
  /** Name of the agents' DaemonSet in Stasis's own namespace. Its agents are counted for the metrics. */
  readonly agentDaemonSet: string;
  /** Unique per process. Also the reportingInstance of its Events. */
  readonly identity: string;
  readonly workers: number;
  readonly timings: LeaderTimings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly registry: Registry;
  readonly version: string;
  readonly kubeMetrics: KubeMetrics;
}

export interface Controller {
  /**
   * Stands for election, leads once, and resolves when everything has ended: after `signal` aborted, or because
   * leadership was lost.
   */
  run(signal: AbortSignal): Promise<'stopped' | 'lost'>;
  /** A failing check tells the kubelet to restart the container. */
  readonly healthz: readonly NamedCheck[];
  /**
   * A failing check marks the pod as not ready. A replica that does not lead is ready as long as it could take over: it
   * reads the Lease of the leader election every few seconds.
   */
  readonly readyz: readonly NamedCheck[];
}

/**
 * The liveness check fails when a reflector has not heard from the API server for this long. A working watch delivers
 * at least a bookmark about every minute, and a reflector without a server retries at least every 30 s. A restart does
 * not help while the server is away, so the bound is longer than most outages.
 */
const CONTACT_LOST_MILLISECONDS = 600_000;
/**
 * The readiness check fails when the Lease was not read for so many lease durations, 30 s at least: a replica without
 * network, credentials or permissions, not one that missed a few answers.
 */
const UNREADY_LEASES = 2;
const UNREADY_MILLISECONDS = 30_000;
/** How long the last Events may take to be sent when the controller ends. */
const EVENTS_CLOSE_MILLISECONDS = 3000;

/**
 * The timings for a Lease of the given duration, in client-go's proportions: for 15 s, a renewal every 2 s and a
 * deadline of 10 s.
 */
export function leaderTimings(leaseSeconds: number): LeaderTimings {
  return { leaseSeconds, renewDeadlineSeconds: (leaseSeconds * 2) / 3, retrySeconds: (leaseSeconds * 2) / 15 };
}

export function createController(options: ControllerOptions): Controller {
  const { api, settings, identity, workers, clock, random, log, registry, version, kubeMetrics } = options;
  const caches = createCaches();
  const reflectors = new Map<string, { readonly reflector: Reflector; readonly since: number }>();
  const census = new AgentCensus(clock);
  const checkpoints = () => caches.checkpoints.list();
  const metrics = controllerMetrics({ registry, version, clock, workers, checkpoints, census });
  const queueMetrics = kubeMetrics.queue('checkpoint');
  const events = new EventRecorder({
    api,
    reportingController: 'stasis.dev/controller',
    reportingInstance: identity,
    clock,
    random,
    log,
  });
  const elector = new LeaderElector({
    api: options.leaseApi,
    namespace: settings.namespace,
    name: LEADER_LEASE,
    identity,
    clock,
    random,
    log,
    timings: options.timings,
    onStatus: kubeMetrics.leader(LEADER_LEASE),
    onStoppedLeading: () => reflectors.clear(),
    onStartedLeading: (signal) =>
      lead(
        {
          api,
          settings,
          workers,
          caches,
          census,
          agentDaemonSet: options.agentDaemonSet,
          renewEvery: options.timings.retrySeconds * 1000,
          clock,
          random,
          log,
          events,
          metrics,
          queueMetrics,
          kubeMetrics,
          onReflector: (name, reflector) => reflectors.set(name, { reflector, since: clock.monotonic() }),
        },
        signal,
      ),
  });
  const contact: NamedCheck = {
    name: 'api-server-contact',
    check: () => {
      const silent = [...reflectors].filter(
        ([, { reflector, since }]) =>
          clock.monotonic() - (reflector.lastContact() ?? since) > CONTACT_LOST_MILLISECONDS,
      );
      return silent.length === 0 ? undefined : `no news of ${silent.map(([name]) => name).join(', ')}`;
    },
  };
  const longest = Math.max(UNREADY_MILLISECONDS, UNREADY_LEASES * options.timings.leaseSeconds * 1000);
  const election: NamedCheck = {
    name: 'leader-election',
    check: () => {
      const last = elector.lastContact();
      if (last === undefined) return `the Lease ${LEADER_LEASE} was not read yet`;
      const silent = clock.monotonic() - last;
      return silent <= longest
        ? undefined
        : `the Lease ${LEADER_LEASE} was not read for ${Math.round(silent / 1000)} s`;
    },
  };
  return {
    healthz: [contact],
    readyz: [contact, election],
    run: async (signal) => {
      const result = await elector.run(signal);
      await events.close(EVENTS_CLOSE_MILLISECONDS);
      return result;
    },
  };
}
