/** A Lease of one's own, renewed as a sign of life. */
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
  /** Of the lease. */
  readonly name: string;
  /** holderIdentity. */
  readonly identity: string;
  /** Default 10 s. */
  readonly everySeconds?: number;
  /** For how long one renewal counts. Default 40 s, as the kubelet's: three may be lost. */
  readonly leaseDurationSeconds?: number;
  readonly fieldManager?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Ends it. The lease then runs out by itself: a successor that starts in time keeps it alive over an update. */
  readonly signal: AbortSignal;
}

export interface Heartbeat {
  /** Monotonic milliseconds of the last renewal that the server has confirmed, when it was sent; undefined before. */
  lastRenewal(): number | undefined;
  /** Resolves once it has ended. */
  readonly done: Promise<void>;
}

/** Renews at once, then every so often, spread by a tenth. Needs create and patch of this one lease. Never rejects. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  let last: number | undefined;
  const beat = async (): Promise<void> => {
    const { clock, signal, random } = options;
    const every = (options.everySeconds ?? 10) * 1000;
    while (!signal.aborted) {
      const sent = clock.monotonic();
      // Bounded: the next one is due, and one that hangs must not hold it back.
      if (await renew(options, every)) last = sent;
      await clock.sleep(sent + every * (0.95 + random() / 10) - clock.monotonic(), signal);
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
  // By apply: it creates what is missing, and of two writers the last one is right.
  const fieldManager = options.fieldManager ?? 'stasis-heartbeat';
  const written = await withDeadline(clock, within, ended, (signal) =>
    api.apply(LEASES, { metadata, spec }, { fieldManager, force: true, signal }),
  );
  if (!written.ok && !ended.aborted) options.log.warn('heartbeat failed', { lease: name, ...written.error });
  return written.ok;
}
