/** The fields of a coordination.k8s.io/v1 Lease that Stasis uses. Types and one constant. Pure. */
import type { KubeObject, Resource } from './types.js';

export interface LeaseSpec {
  /** '' or absent: nobody holds the Lease. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** In the format of MicroTime. */
  readonly acquireTime?: string;
  /** In the format of MicroTime. */
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  namespaced: true,
  kind: 'Lease',
};
