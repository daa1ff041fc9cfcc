/** Tells which Leases are alive. Pure. */
import type { Lease } from './lease.js';
import { keyOf } from './types.js';

interface Sighting {
  /** Changes whenever the holder renews. */
  readonly mark: string;
  /** Monotonic milliseconds at which this mark was first seen. */
  readonly since: number;
  readonly durationMilliseconds: number;
  readonly released: boolean;
}

/** Keyed by 'namespace/name'. */
export type LeaseSightings = ReadonlyMap<string, Sighting>;

export const NO_SIGHTINGS: LeaseSightings = new Map();

/** The duration for a Lease that does not state one, in seconds: the kubelet's own value. */
const DEFAULT_SECONDS = 40;

/**
 * Takes note of the current Leases at the monotonic time `now` (ms). Only changes that were seen here count, never the
 * times inside a Lease, which come from another machine's clock. A Lease that is seen for the first time therefore
 * counts as alive for its whole duration, also after a restart of the observer. Leases that are no longer listed are
 * forgotten.
 */
export function observeLeases(sightings: LeaseSightings, leases: readonly Lease[], now: number): LeaseSightings {
  return new Map(leases.map((lease) => [keyOf(lease), sight(sightings.get(keyOf(lease)), lease, now)]));
}

function sight(before: Sighting | undefined, lease: Lease, now: number): Sighting {
  const { holderIdentity, renewTime, leaseDurationSeconds } = lease.spec ?? {};
  // The mark does not contain the resourceVersion: a changed label or a changed managedFields entry is no sign of life.
  const mark = JSON.stringify([lease.metadata.uid, holderIdentity, renewTime]);
  return {
    mark,
    since: before?.mark === mark ? before.since : now,
    durationMilliseconds: (leaseDurationSeconds ?? DEFAULT_SECONDS) * 1000,
    released: holderIdentity === undefined || holderIdentity === '',
  };
}

/**
 * Whether the Lease was seen to change within its own duration. False for an unknown Lease and for one without a
 * holder.
 */
export function isAlive(sightings: LeaseSightings, key: string, now: number): boolean {
  const sighting = sightings.get(key);
  return sighting !== undefined && !sighting.released && now - sighting.since <= sighting.durationMilliseconds;
}

/** Milliseconds until the Lease stops being alive if nothing changes. 0 when it is not alive now. */
export function expiresIn(sightings: LeaseSightings, key: string, now: number): number {
  const sighting = sightings.get(key);
  if (sighting === undefined || sighting.released) return 0;
  return Math.max(0, sighting.since + sighting.durationMilliseconds - now);
}
