/** An in-memory API server for Leases with optimistic locking and with faults that a test can switch on. */
import type { KubeApi } from '../../../src/kube/api.js';
import type { Lease } from '../../../src/kube/lease.js';
import { failure, success, type KubeResult } from '../../../src/kube/result.js';

export type LeaseApi = Pick<KubeApi, 'get' | 'create' | 'replace' | 'apply'>;

export class LeaseServer {
  lease: Lease | undefined;
  writes = 0;
  #version = 0;

  /** The view of one client. `fault` decides the fate of each of its requests. */
  client(fault: (write: boolean) => 'works' | 'away' | 'answer lost' = () => 'works'): LeaseApi {
    const serve = (write: boolean, act: () => KubeResult<Lease>): Promise<KubeResult<never>> => {
      const what = fault(write);
      const result = what === 'away' ? this.#refuse(undefined, 'Unreachable') : act();
      return Promise.resolve(
        (what === 'answer lost' ? this.#refuse(undefined, 'Timeout') : result) as KubeResult<never>,
      );
    };
    return {
      get: () => serve(false, () => (this.lease === undefined ? this.#refuse(404, 'NotFound') : success(this.lease))),
      create: (_resource, object) =>
        serve(true, () =>
          this.lease === undefined ? this.#write(object as Partial<Lease>) : this.#refuse(409, 'AlreadyExists'),
        ),
      replace: (_resource, object) =>
        serve(true, () => {
          if (this.lease === undefined) return this.#refuse(404, 'NotFound');
          const current = this.lease.metadata.resourceVersion === object.metadata.resourceVersion;
          return current ? this.#write(object) : this.#refuse(409, 'Conflict');
        }),
      apply: (_resource, object) => serve(true, () => this.#write(object as Partial<Lease>)),
    };
  }

  #write(object: Partial<Lease>): KubeResult<Lease> {
    this.#version += 1;
    this.writes += 1;
    const metadata = {
      namespace: 'ns',
      name: 'lock',
      uid: 'u',
      creationTimestamp: '',
      resourceVersion: String(this.#version),
    };
    this.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata,
      spec: { ...this.lease?.spec, ...object.spec },
    };
    return success(this.lease);
  }

  #refuse(code: number | undefined, reason: string): KubeResult<Lease> {
    return failure({ method: 'X', path: '/lease', reason, message: '', ...(code === undefined ? {} : { code }) });
  }
}
