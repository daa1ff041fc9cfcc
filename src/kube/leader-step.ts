/** Who leads, as one candidate may judge it: by what it saw change, never by another machine's clock. Pure. */
import type { Lease, LeaseSpec } from './lease.js';
import { microTime } from './micro-time.js';

/** The lease as it was last seen, and since when it has been so. */
export interface LeaderView {
  /** undefined: there is no lease. */
  readonly lease: Lease | undefined;
  /** Changes with every renewal. */
  readonly mark: string;
  /** Monotonic milliseconds at which this mark was first seen. */
  readonly since: number;
}

export type LeaderMove =
  /** There is no lease: make one. */
  | { readonly kind: 'create'; readonly spec: LeaseSpec }
  /** Ours, or to be had: write it, provided that it is still the one that was seen. */
  | { readonly kind: 'replace'; readonly lease: Lease }
  /** Someone else's, and alive as far as we know. */
  | { readonly kind: 'wait'; readonly holder: string };

export interface Candidate {
  readonly identity: string;
  readonly leaseDurationSeconds: number;
}

export function viewLease(before: LeaderView | undefined, lease: Lease | undefined, now: number): LeaderView {
  // resourceVersion is not in it: whoever touches a label of a dead leader's lease must not keep it alive.
  const mark = JSON.stringify([lease?.metadata.uid, lease?.spec]);
  return { lease, mark, since: before?.mark === mark ? before.since : now };
}

/** What to do at `now` (monotonic, ms); `wall` (ms) only dates what is written. */
export function leaderMove(view: LeaderView, candidate: Candidate, now: number, wall: number): LeaderMove {
  const { identity, leaseDurationSeconds } = candidate;
  const time = microTime(wall);
  const fresh = { holderIdentity: identity, leaseDurationSeconds, acquireTime: time, renewTime: time };
  const { lease } = view;
  if (lease === undefined) return { kind: 'create', spec: { ...fresh, leaseTransitions: 0 } };
  const spec = lease.spec ?? {};
  const holder = spec.holderIdentity ?? '';
  if (holder === identity)
    return { kind: 'replace', lease: { ...lease, spec: { ...spec, leaseDurationSeconds, renewTime: time } } };
  // The holder's own duration: after an upgrade that changed it, it still counts on that one.
  const expires = view.since + (spec.leaseDurationSeconds ?? leaseDurationSeconds) * 1000;
  if (holder !== '' && now < expires) return { kind: 'wait', holder };
  const leaseTransitions = (spec.leaseTransitions ?? 0) + 1;
  return { kind: 'replace', lease: { ...lease, spec: { ...spec, ...fresh, leaseTransitions } } };
}

/** Gives it up, so that the next one need not wait. */
export function releasedLease(lease: Lease, wall: number): Lease {
  const time = microTime(wall);
  const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time };
  return { ...lease, spec: { ...lease.spec, ...spec } };
}
