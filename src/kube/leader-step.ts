/**
 * Decides what one candidate does with a Lease. It judges by the changes that it saw, never by another machine's clock.
 * Pure.
 */
import type { Lease, LeaseSpec } from './lease.js';
import { microTime } from './micro-time.js';

/** The Lease as it was last seen, and since when it has not changed. */
export interface LeaderView {
  /** undefined: there is no Lease. */
  readonly lease: Lease | undefined;
  /** Changes with every renewal. */
  readonly mark: string;
  /** Monotonic milliseconds at which this mark was first seen. */
  readonly since: number;
}

export type LeaderMove =
  /** There is no Lease: create it. */
  | { readonly kind: 'create'; readonly spec: LeaseSpec }
  /** This candidate holds the Lease or may take it: write it, provided that nobody changed it since it was read. */
  | { readonly kind: 'replace'; readonly lease: Lease }
  /** Another candidate holds the Lease, and its duration has not passed. */
  | { readonly kind: 'wait'; readonly holder: string };

export interface LeaderCandidate {
  readonly identity: string;
  readonly leaseDurationSeconds: number;
}

export function viewLease(before: LeaderView | undefined, lease: Lease | undefined, now: number): LeaderView {
  // The mark does not contain the resourceVersion: editing a label of a dead leader's Lease must not keep it alive.
  const mark = JSON.stringify([lease?.metadata.uid, lease?.spec]);
  return { lease, mark, since: before?.mark === mark ? before.since : now };
}

/**
 * Decides at the time `now` (monotonic milliseconds). `wall` (milliseconds since the epoch) only dates what is written.
 */
export function leaderMove(view: LeaderView, candidate: LeaderCandidate, now: number, wall: number): LeaderMove {
  const { identity, leaseDurationSeconds } = candidate;
  const time = microTime(wall);
  const fresh = { holderIdentity: identity, leaseDurationSeconds, acquireTime: time, renewTime: time };
  const { lease } = view;
  if (lease === undefined) return { kind: 'create', spec: { ...fresh, leaseTransitions: 0 } };
  const spec = lease.spec ?? {};
  const holder = spec.holderIdentity ?? '';
  if (holder === identity)
    return { kind: 'replace', lease: { ...lease, spec: { ...spec, leaseDurationSeconds, renewTime: time } } };
  // The duration that the holder wrote counts: a holder of an older version may use another duration than this process.
  const expires = view.since + (spec.leaseDurationSeconds ?? leaseDurationSeconds) * 1000;
  if (holder !== '' && now < expires) return { kind: 'wait', holder };
  const leaseTransitions = (spec.leaseTransitions ?? 0) + 1;
  return { kind: 'replace', lease: { ...lease, spec: { ...spec, ...fresh, leaseTransitions } } };
}

/** The Lease without a holder, so that the next candidate need not wait for it to expire. */
export function releasedLease(lease: Lease, wall: number): Lease {
  const time = microTime(wall);
  const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time };
  return { ...lease, spec: { ...lease.spec, ...spec } };
}
