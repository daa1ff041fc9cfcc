/** A cluster with one Checkpoint for each state that a Checkpoint can be in, for the tests of the uninstall. */
import { hasEnded } from '../../../src/api/conditions.js';
import { CHECKPOINTS, PODCAPTURES, RELEASE_FINALIZER, type CaptureHold } from '../../../src/api/kinds.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import { uninstall } from '../../../src/controller/uninstall.js';
import type { KubeApi } from '../../../src/kube/api.js';
import { captureName } from '../../../src/controller/capture-name.js';
import type { Clock } from '../../../src/kube/clock.js';
import { LEASES } from '../../../src/kube/lease.js';
import { success } from '../../../src/kube/result.js';
import type { OwnerReference, Resource } from '../../../src/kube/types.js';
import { KubeModel, type Intercept } from '../../fake/kube-model.js';
import { capture, checkpoint, condition, NOW, pod } from './builders.js';
import { silentLogger } from '../../fake/silent-logger.js';

export const ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  namespaced: true,
  kind: 'ServiceAccount',
};
export const CAPTURING = { claimedBy: 'agent-uid', conditions: [condition('Succeeded', 'Unknown', 'Holding')] };
export const ENDED = { claimedBy: 'agent-uid', conditions: [condition('Succeeded', 'True', 'Captured')] };

function ownedBy(name: string): OwnerReference[] {
  return [{ apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint', name, uid: `uid-${name}` }];
}

/** A cluster in which the agent of node-1 ends a released capture whenever the uninstall sleeps. */
export class Cluster {
  readonly model = new KubeModel(() => NOW);
  now = 0;
  /** Milliseconds after which the agent ends a capture that is released or being deleted. Infinity: never. */
  agentEndsAfter = 300;
  controllerGoneAt = 1000;
  scaled = false;

  constructor() {
    this.model.put(PODS, pod({ metadata: { name: 'agent', namespace: 'stasis-system', uid: 'agent-uid' } }));
    this.model.put(PODS, pod({ metadata: { name: 'controller', namespace: 'stasis-system', uid: 'controller-uid' } }));
    this.model.put(ACCOUNTS, {
      metadata: { name: 'stasis-node-agent', namespace: 'stasis-system', uid: 'account-uid' },
    });
    for (const name of ['stasis-controller', 'stasis-node-node-1', 'of-others'])
      this.model.put(LEASES, { metadata: { name, namespace: 'stasis-system' }, spec: {} });
  }

  clock(): Clock {
    return {
      wall: () => NOW,
      monotonic: () => this.now,
      sleep: (milliseconds) => {
        this.now += milliseconds;
        this.#others();
        return Promise.resolve();
      },
    };
  }

  async uninstall(intercept?: Intercept, overrides: Partial<KubeApi> = {}): Promise<boolean> {
    const api = this.model.api(intercept);
    const list: KubeApi['list'] = async (resource, options) => {
      const listed = await api.list(resource, options);
      if (!listed.ok || options?.labelSelector === undefined) return listed;
      const items = listed.value.items.filter(({ metadata }) => metadata.name === 'controller');
      return success({ ...listed.value, items });
    };
    return await uninstall({
      api: {
        ...api,
        list,
        raw: () => {
          this.scaled = true;
          return Promise.resolve(success({ code: 200, text: '' }));
        },
        ...overrides,
      },
      clock: this.clock(),
      log: silentLogger(),
      namespace: 'stasis-system',
      controller: 'stasis-controller',
      controllerPods: 'component=controller',
      agentAccount: 'stasis-node-agent',
      waitSeconds: 30,
    });
  }

  #others(): void {
    if (this.scaled && this.now >= this.controllerGoneAt) this.model.drop(PODS, 'stasis-system', 'controller');
    if (this.now < this.agentEndsAfter) return;
    for (const object of this.model.all(PODCAPTURE_RESOURCE)) {
      const { metadata, spec, status } = object;
      const free =
        spec.hold?.releaseReason !== undefined || spec.hold === undefined || metadata.deletionTimestamp !== undefined;
      if (status?.claimedBy === 'agent-uid' && free && !hasEnded(status))
        this.model.put(PODCAPTURES, { ...object, status: ENDED });
    }
  }

  /** Creates one Checkpoint for each state that a Checkpoint can be in. */
  fill(): void {
    const release = [RELEASE_FINALIZER];
    const hold = { seconds: 60 };
    const made = (name: string, spec: { readonly hold?: CaptureHold }, status?: typeof CAPTURING) => {
      this.model.put(CHECKPOINTS, checkpoint({ metadata: { name, uid: `uid-${name}`, finalizers: release }, spec }));
      const metadata = {
        name: captureName({ name, uid: `uid-${name}` }),
        uid: `uid-${name}-1`,
        finalizers: release,
        ownerReferences: ownedBy(name),
      };
      this.model.put(PODCAPTURES, capture({ metadata, spec, ...(status === undefined ? {} : { status }) }));
    };
    made('held', { hold }, CAPTURING);
    made('in-passing', {}, CAPTURING);
    made('unclaimed', { hold });
    made('of-a-dead-agent', { hold }, { ...CAPTURING, claimedBy: 'dead' });
    made('ended', {}, ENDED);
    this.model.put(
      CHECKPOINTS,
      checkpoint({ metadata: { name: 'new', uid: 'uid-new', finalizers: ['example.com/x'] } }),
    );
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    const going = { name: 'going', uid: 'uid-going', finalizers: release, deletionTimestamp };
    this.model.put(CHECKPOINTS, checkpoint({ metadata: going }));
  }

  finalizers(): string[] {
    const objects = [...this.model.all(CHECKPOINT_RESOURCE), ...this.model.all(PODCAPTURE_RESOURCE)];
    return objects
      .filter(({ metadata }) => metadata.finalizers?.includes(RELEASE_FINALIZER))
      .map(({ metadata }) => metadata.name);
  }

  endings(): Record<string, string> {
    return Object.fromEntries(
      this.model.all(CHECKPOINT_RESOURCE).map(({ metadata, status }) => {
        const succeeded = status?.conditions?.find(({ type }) => type === 'Succeeded');
        return [metadata.name, `${succeeded?.status} ${succeeded?.reason}`];
      }),
    );
  }
}
