/** The controller: one leader among its replicas, and what each of them tells of its health. */
import type { Registry } from 'prom-client';
import type { KubeApi } from '../kube/api.js';
import type { Clock } from '../kube/clock.js';
import { EventRecorder } from '../kube/events.js';
import type { NamedCheck } from '../kube/http-server.js';
import { LeaderElector, type LeaderTimings } from '../kube/leader-election.js';
import type { Logger } from '../kube/log.js';
import type { KubeMetrics } from '../kube/metrics.js';
import type { Reflector } from '../kube/reflector.js';
import { createCaches } from './caches.js';
import { lead } from './lead.js';
import { controllerMetrics } from './metrics.js';
import type { Settings } from './observation.js';

export interface ControllerOptions {
  readonly api: KubeApi;
  readonly settings: Settings;
  /** Unique to this process; also the reportingInstance of its Events. */
  readonly identity: string;
  readonly workers: number;
  readonly timings: LeaderTimings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly registry: Registry;
  readonly kubeMetrics: KubeMetrics;
}

export interface Controller {
  /** Stands for election, leads once, and resolves when all is ended: by `signal`, or because leadership was lost. */
  run(signal: AbortSignal): Promise<'stopped' | 'lost'>;
  /** Failing means: restart me. */
  readonly healthz: readonly NamedCheck[];
}

const LEADER_LEASE = 'stasis-controller';
/**
 * A watch that works hears at least a bookmark about each minute; a reflector that has lost its server tries every 30 s at
 * least. To be restarted does not help while the server is away, so this is longer than most outages.
 */
const CONTACT_LOST_MILLISECONDS = 600_000;
/** The last events of those that ended just now. */
const EVENTS_CLOSE_MILLISECONDS = 3000;

/** The lease's timings in client-go's proportions: for 15 s, a renewal every 2 s and a deadline of 10 s. */
export function leaderTimings(leaseSeconds: number): LeaderTimings {
  return { leaseSeconds, renewDeadlineSeconds: (leaseSeconds * 2) / 3, retrySeconds: (leaseSeconds * 2) / 15 };
}

export function createController(options: ControllerOptions): Controller {
  const { api, settings, identity, workers, clock, random, log, registry, kubeMetrics } = options;
  const caches = createCaches();
  const reflectors = new Map<string, { readonly reflector: Reflector; readonly since: number }>();
  const metrics = controllerMetrics({ registry, clock, workers, checkpoints: () => caches.checkpoints.list() });
  const events = new EventRecorder({
    api,
    reportingController: 'stasis.dev/controller',
    reportingInstance: identity,
    clock,
    random,
    log,
  });
  const elector = new LeaderElector({
    api,
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
          clock,
          random,
          log,
          events,
          metrics,
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
  return {
    healthz: [contact],
    run: async (signal) => {
      const result = await elector.run(signal);
      await events.close(EVENTS_CLOSE_MILLISECONDS);
      return result;
    },
  };
}
