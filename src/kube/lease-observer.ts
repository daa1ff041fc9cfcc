/** Which leases are alive. Pure. */
import type { Lease } from './lease.js';
import { keyOf } from './types.js';

/** What was seen of one lease. */
interface Sighting {
  /** Changes whenever the holder renews. */
  readonly mark: string;
  /** Monotonic milliseconds at which this mark was first seen. */
  readonly since: number;
  readonly durationMilliseconds: number;
  readonly released: boolean;
}

/** By 'namespace/name'. */
export type LeaseSightings = ReadonlyMap<string, Sighting>;

export const NO_SIGHTINGS: LeaseSightings = new Map();

/** For a lease that does not say; the kubelet's own. */
const DEFAULT_SECONDS = 40;

/**
 * Notes the present leases at monotonic time `now` (ms). Only changes that were seen here count, never the times in the
 * lease: they come from another machine's clock. So a lease that is seen for the first time is alive for a whole duration,
 * also after a restart of the observer. Leases that are no longer among them are forgotten.
 */
export function observeLeases(sightings: LeaseSightings, leases: readonly Lease[], now: number): LeaseSightings {
  return new Map(leases.map((lease) => [keyOf(lease), sight(sightings.get(keyOf(lease)), lease, now)]));
}

function sight(before: Sighting | undefined, lease: Lease, now: number): Sighting {
  const { holderIdentity, renewTime, leaseDurationSeconds } = lease.spec ?? {};
  // Not resourceVersion: a label that someone edits, or a touched managedFields, is no sign of life.
  const mark = JSON.stringify([lease.metadata.uid, holderIdentity, renewTime]);
  return {
    mark,
    since: before?.mark === mark ? before.since : now,
    durationMilliseconds: (leaseDurationSeconds ?? DEFAULT_SECONDS) * 1000,
    released: holderIdentity === undefined || holderIdentity === '',
  };
}

/** Whether the lease was seen to change within its own duration. False for an unknown one, and for one given up. */
export function isAlive(sightings: LeaseSightings, key: string, now: number): boolean {
  const sighting = sightings.get(key);
  return sighting !== undefined && !sighting.released && now - sighting.since <= sighting.durationMilliseconds;
}

/** Milliseconds until the lease is no longer alive if nothing changes; 0 when it is not. */
export function expiresIn(sightings: LeaseSightings, key: string, now: number): number {
  const sighting = sightings.get(key);
  if (sighting === undefined || sighting.released) return 0;
  return Math.max(0, sighting.since + sighting.durationMilliseconds - now);
}
