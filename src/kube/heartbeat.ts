/** Renews a Lease as a sign of life. */
import { withDeadline } from './abort.js';
import type { KubeApi } from './api.js';
import type { Clock } from './clock.js';
import { LEASES } from './lease.js';
import type { Logger } from './log.js';
import { microTime } from './micro-time.js';
import type { OwnerReference } from './types.js';

export interface HeartbeatOptions {
  readonly api: Pick<KubeApi, 'apply'>;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Written into `spec.holderIdentity`. */
  readonly identity: string;
  /** Default 10 s. */
  readonly everySeconds?: number;
  /** How long one renewal may take. Default: as long as `everySeconds`. */
  readonly withinSeconds?: number;
  /** After a failed renewal the next one follows after this time to twice this time. Default: as after a successful one. */
  readonly retrySeconds?: number;
  /** Called after each confirmed renewal. */
  readonly onRenewal?: () => void;
  /** How long one renewal counts. Default 40 s, like the kubelet's node Lease: three renewals may be lost. */
  readonly leaseDurationSeconds?: number;
  readonly fieldManager?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /**
   * Ends the renewals. The Lease then expires by itself, and a successor that starts early enough (during an update)
   * keeps it alive.
   */
  readonly signal: AbortSignal;
}

export interface Heartbeat {
  /** Monotonic milliseconds at which the last confirmed renewal was sent. Undefined before the first. */
  lastRenewal(): number | undefined;
  /** Resolves once the renewals have ended. */
  readonly done: Promise<void>;
}

/**
 * Renews at once and then periodically, with the period varied at random by up to 5 % in each direction. Needs
 * permission to create and patch this Lease. Never rejects.
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  let last: number | undefined;
  const beat = async (): Promise<void> => {
    const { clock, signal, random } = options;
    const every = (options.everySeconds ?? 10) * 1000;
    while (!signal.aborted) {
      const sent = clock.monotonic();
      // A request that hangs, on a connection whose other end is gone, must not delay the next renewal.
      const renewed = await renew(options, (options.withinSeconds ?? every / 1000) * 1000);
      if (renewed) {
        last = sent;
        options.onRenewal?.();
      }
      const retry = renewed ? undefined : options.retrySeconds;
      const usual = sent + every * (0.95 + random() / 10) - clock.monotonic();
      // The retries of many agents are spread widely, so that they do not all meet a server that has just started.
      await clock.sleep(retry === undefined ? usual : retry * 1000 * (1 + random()), signal);
    }
  };
  return { lastRenewal: () => last, done: beat() };
}

async function renew(options: HeartbeatOptions, within: number): Promise<boolean> {
  const { identity: holderIdentity, signal: ended, api, clock, namespace, name, labels, ownerReferences } = options;
  const metadata = {
    namespace,
    name,
    ...(labels === undefined ? {} : { labels }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
  const leaseDurationSeconds = options.leaseDurationSeconds ?? 40;
  const spec = { holderIdentity, leaseDurationSeconds, renewTime: microTime(clock.wall()) };
  // Server-side apply creates a missing Lease, and when two processes write, the last writer wins, which is right here.
  const fieldManager = options.fieldManager ?? 'stasis-heartbeat';
  const written = await withDeadline(clock, within, ended, (signal) =>
    api.apply(LEASES, { metadata, spec }, { fieldManager, force: true, signal }),
  );
  if (!written.ok && !ended.aborted) options.log.warn('heartbeat failed', { lease: name, ...written.error });
  return written.ok;
}
