/** What /healthz and /readyz say of an agent. */
import type { NamedCheck } from '../../kube/http-server.js';
import type { Failure } from '../pure/failure.js';

export interface HealthFacts {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly started: number;
  readonly hasSynced: () => boolean;
  /** Monotonic milliseconds of the API server's last sign of life. */
  readonly lastContact: () => number | undefined;
  readonly lastRenewal: () => number | undefined;
  /** Whether captures run, or reports wait. */
  readonly busy: () => boolean;
  /** Why this machine cannot do it; undefined when a rehearsal has passed. */
  readonly unfit: () => Failure | undefined;
  readonly rehearsed: () => boolean;
  /** Whether a guard is alive. */
  readonly guarded: () => boolean;
  readonly stopping: () => boolean;
}

/**
 * A watch is silent for 11 minutes at most: after 20 the reflector is stuck, or the API server away. Either way a restart costs
 * nothing, unless a pod is held or a report waits: then it would.
 */
const SILENT_MS = 20 * 60_000;
/** As long as the lease counts. */
const HEARTBEAT_MS = 40_000;

/** That it answers at all shows that the event loop turns. */
export function liveness(facts: HealthFacts): NamedCheck[] {
  return [
    {
      name: 'watch',
      check: () => {
        const silent = facts.now() - (facts.lastContact() ?? facts.started);
        return silent > SILENT_MS && !facts.busy()
          ? `nothing from the API server in ${Math.round(silent / 1000)} s`
          : undefined;
      },
    },
  ];
}

export function readiness(facts: HealthFacts): NamedCheck[] {
  return [
    { name: 'shutdown', check: () => (facts.stopping() ? 'stopping' : undefined) },
    { name: 'sync', check: () => (facts.hasSynced() ? undefined : 'PodCaptures are not listed yet') },
    { name: 'guard', check: () => (facts.guarded() ? undefined : 'no guard answers: nothing can be frozen') },
    { name: 'rehearsal', check: () => rehearsal(facts) },
    {
      name: 'heartbeat',
      check: () => {
        const last = facts.lastRenewal();
        return last !== undefined && facts.now() - last < HEARTBEAT_MS ? undefined : 'the lease is not renewed';
      },
    },
  ];
}

function rehearsal(facts: HealthFacts): string | undefined {
  const unfit = facts.unfit();
  if (unfit !== undefined) return `${unfit.reason}: ${unfit.message}`;
  return facts.rehearsed() ? undefined : 'not rehearsed yet';
}
