/** A cluster with hundreds of holds, whose watches a test can close. */
import { CHECKPOINTS, heartbeatLeaseName, PODCAPTURES, RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { captureName } from '../../../src/controller/capture-name.js';
import { NODES, PODS } from '../../../src/controller/resources.js';
import type { KubeApi, ListOptions, WatchEvent } from '../../../src/kube/api.js';
import type { Clock } from '../../../src/kube/clock.js';
import { LEASES } from '../../../src/kube/lease.js';
import { microTime } from '../../../src/kube/micro-time.js';
import { success } from '../../../src/kube/result.js';
import type { KubeObject, Resource } from '../../../src/kube/types.js';
import { KubeModel } from '../../fake/kube-model.js';
import { capture, checkpointSpec, pod, under } from './builders.js';
import type { ManualClock } from '../kube/fixtures.js';

const SYSTEM = 'stasis-system';
const NODES_IN_ALL = 200;

/** A cluster in which each of `holds` pods is held, in a namespace of its own, on 200 nodes. */
export function heldCluster(holds: number, clock: Clock): KubeModel {
  const model = new KubeModel(() => clock.wall());
  for (let i = 0; i < NODES_IN_ALL; i += 1) model.put(NODES, { metadata: { name: `node-${i}` } });
  heartbeats(model, clock);
  const hold = { seconds: 3600 };
  for (let i = 0; i < holds; i += 1) {
    const [namespace, uid, nodeName] = [`team-${i}`, `c-${i}`, `node-${i % NODES_IN_ALL}`];
    const created = { namespace, creationTimestamp: `${new Date(clock.wall()).toISOString().slice(0, 19)}Z` };
    const held = pod({ spec: { nodeName } });
    model.put(PODS, { ...held, metadata: { ...created, name: 'web', uid: `pod-${i}` } });
    const spec = { ...checkpointSpec('web'), hold };
    model.put(CHECKPOINTS, { metadata: { ...created, name: 'look', uid, finalizers: [RELEASE_FINALIZER] }, spec });
    const { metadata, spec: wanted, status } = capture({ status: under('Holding') });
    const [owner] = metadata.ownerReferences ?? [];
    model.put(PODCAPTURES, {
      metadata: {
        ...created,
        name: captureName({ name: 'look', uid }),
        labels: { 'stasis.dev/checkpoint-uid': uid },
        finalizers: [RELEASE_FINALIZER],
        ownerReferences: [{ ...owner, name: 'look', uid }],
      },
      spec: { ...wanted, nodeName, podName: 'web', podUID: `pod-${i}`, hold },
      status,
    });
  }
  return model;
}

/** Every agent renews its Lease. */
export function heartbeats(model: KubeModel, clock: Clock): void {
  const spec = { holderIdentity: 'agent', leaseDurationSeconds: 40, renewTime: microTime(clock.wall()) };
  for (let i = 0; i < NODES_IN_ALL; i += 1) {
    const name = heartbeatLeaseName(`node-${i}`);
    model.put(LEASES, { metadata: { namespace: SYSTEM, name, uid: name }, spec });
  }
}

export type How = 'is ended by the server' | 'breaks' | 'goes silent';

/** The API of the model, whose watches a test can close. */
export class ClosableWatches {
  readonly lists: { readonly plural: string; readonly options: ListOptions | undefined }[] = [];
  readonly #api: KubeApi;
  readonly #open = new Map<string, ((how: How) => void)[]>();

  constructor(model: KubeModel) {
    this.#api = model.api();
  }

  api(): Pick<KubeApi, 'list' | 'watch'> {
    return {
      list: (resource, options) => {
        this.lists.push({ plural: resource.plural, options });
        return this.#api.list(resource, options);
      },
      watch: async <T extends KubeObject>(resource: Resource<T>, options: Parameters<KubeApi['watch']>[1]) => {
        const name = options.namespace === undefined ? resource.plural : `${options.namespace}/${resource.plural}`;
        const own = new AbortController();
        options.signal.addEventListener('abort', () => own.abort());
        let how: How | undefined;
        const close = (given: How): void => {
          how = given;
          own.abort();
        };
        this.#open.set(name, [...(this.#open.get(name) ?? []), close]);
        const opened = await this.#api.watch(resource, { ...options, signal: own.signal });
        if (!opened.ok) return opened;
        async function* events(stream: AsyncIterable<WatchEvent<T>>): AsyncGenerator<WatchEvent<T>> {
          for await (const event of stream) if (how === undefined) yield event;
          const error = { method: 'GET', path: name, reason: 'Unreachable', message: 'cut' };
          if (how === 'breaks') yield { type: 'ERROR', error };
          if (how === 'goes silent' && !options.signal.aborted)
            await new Promise((resolve) => options.signal.addEventListener('abort', resolve));
        }
        return success(events(opened.value));
      },
    };
  }

  close(name: string, how: How): void {
    const closing = this.#open.get(name) ?? [];
    if (closing.length === 0) throw new Error(`no watch ${name}: ${[...this.#open.keys()].slice(0, 9).join(' ')}`);
    this.#open.delete(name);
    for (const close of closing) close(how);
  }
}

/** Lets time pass, in which the leader renews its Lease every 2 s. */
export async function renewing(model: KubeModel, clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 2; second <= seconds; second += 2) {
    await clock.advance(2_000);
    const spec = { holderIdentity: 'leader', renewTime: microTime(clock.wall()) };
    model.put(LEASES, { metadata: { namespace: SYSTEM, name: 'stasis-controller', uid: 'l' }, spec });
  }
}
