/** The health and readiness checks of the agent. */
import type { NamedCheck } from '../../kube/http-server.js';
import type { Failure } from '../pure/failure.js';
import { mayHoldFor } from './fence.js';

export interface HealthFacts {
  /** Monotonic milliseconds. `started` and `lastRenewal` use the same clock. */
  readonly now: () => number;
  readonly started: number;
  readonly hasSynced: () => boolean;
  /** Monotonic milliseconds of the last answer or event from the API server. */
  readonly lastContact: () => number | undefined;
  readonly lastRenewal: () => number | undefined;
  /** Whether captures run or reports wait. */
  readonly busy: () => boolean;
  /** Returns why this machine cannot capture; undefined once a rehearsal has passed. */
  readonly unfit: () => Failure | undefined;
  /** Whether a tracing thread is ready, or was ready and is in use. */
  readonly rehearsed: () => boolean;
  /** Whether a guard is alive. */
  readonly guarded: () => boolean;
  readonly stopping: () => boolean;
}

/**
 * The liveness check fails when the API server has been silent for this long and no capture runs and no report waits. A
 * healthy watch is silent for at most 11 minutes. After 20 the reflector is stuck or the API server is away, and an
 * idle agent loses nothing by a restart.
 */
const SILENT_MS = 20 * 60_000;

/** The checks of /healthz. An answer alone already shows that the event loop runs. */
export function liveness(facts: HealthFacts): NamedCheck[] {
  return [
    {
      name: 'watch',
      check: () => {
        const silent = facts.now() - (facts.lastContact() ?? facts.started);
        return silent > SILENT_MS && !facts.busy()
          ? `no news from the API server for ${Math.round(silent / 1000)} s`
          : undefined;
      },
    },
  ];
}

export function readiness(facts: HealthFacts): NamedCheck[] {
  return [
    { name: 'shutdown', check: () => (facts.stopping() ? 'stopping' : undefined) },
    { name: 'sync', check: () => (facts.hasSynced() ? undefined : 'PodCaptures are not listed yet') },
    { name: 'guard', check: () => (facts.guarded() ? undefined : 'no guard answers, so nothing can be frozen') },
    { name: 'rehearsal', check: () => rehearsal(facts) },
    {
      name: 'heartbeat',
      check: () =>
        mayHoldFor(facts.lastRenewal(), facts.now()) > 0 ? undefined : 'the Lease has not been renewed in time',
    },
  ];
}

function rehearsal(facts: HealthFacts): string | undefined {
  const unfit = facts.unfit();
  if (unfit !== undefined) return `${unfit.reason}: ${unfit.message}`;
  return facts.rehearsed() ? undefined : 'the rehearsal has not passed yet';
}
