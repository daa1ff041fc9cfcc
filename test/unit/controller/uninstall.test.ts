import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasEnded } from '../../../src/api/conditions.js';
import { CHECKPOINTS, PODCAPTURES, RELEASE_FINALIZER, type CaptureHold } from '../../../src/api/kinds.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import { uninstall } from '../../../src/controller/uninstall.js';
import type { KubeApi } from '../../../src/kube/api.js';
import type { Clock } from '../../../src/kube/clock.js';
import { LEASES } from '../../../src/kube/lease.js';
import { failure, success, type KubeResult } from '../../../src/kube/result.js';
import type { OwnerReference, Resource } from '../../../src/kube/types.js';
import { KubeModel, type Intercept } from '../../fake/kube-model.js';
import { capture, checkpoint, condition, NOW, pod } from './builders.js';
import { silentLogger } from '../../fake/silent-logger.js';

const ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  namespaced: true,
  kind: 'ServiceAccount',
};
const CAPTURING = { claimedBy: 'agent-uid', conditions: [condition('Succeeded', 'Unknown', 'Holding')] };
const ENDED = { claimedBy: 'agent-uid', conditions: [condition('Succeeded', 'True', 'Captured')] };

function ownedBy(name: string): OwnerReference[] {
  return [{ apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint', name, uid: `uid-${name}` }];
}

/** A cluster in which the agent of node-1 ends a released capture whenever the uninstall sleeps. */
class Cluster {
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
      const metadata = { name: `${name}-1`, uid: `uid-${name}-1`, finalizers: release, ownerReferences: ownedBy(name) };
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

const WITHOUT_KINDS: Intercept = ({ plural }, perform) =>
  plural === 'checkpoints' || plural === 'podcaptures'
    ? failure({ method: 'GET', path: '', code: 404, reason: 'NotFound', message: '' })
    : perform();

describe('uninstall()', () => {
  const ENDINGS = {
    held: 'True Captured',
    'in-passing': 'True Captured',
    unclaimed: 'False Cancelled',
    'of-a-dead-agent': 'False Cancelled',
    ended: 'True Captured',
    new: 'False Cancelled',
  };

  test("uninstall() ends everything, removes only Stasis's finalizer, and gives the Leases an owner", async () => {
    const cluster = new Cluster();
    cluster.fill();
    expect(await cluster.uninstall()).toBe(true);
    expect(cluster.endings()).toEqual(ENDINGS);
    expect(cluster.finalizers()).toEqual([]);
    expect(cluster.model.find(CHECKPOINT_RESOURCE, 'shop', 'new')?.metadata.finalizers).toEqual(['example.com/x']);
    const owned = cluster.model
      .all(LEASES)
      .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === 'account-uid');
    expect(owned.map(({ metadata }) => metadata.name)).toEqual(['stasis-controller', 'stasis-node-node-1']);
  });

  test('uninstall() keeps everything that a released hold had collected', async () => {
    const cluster = new Cluster();
    cluster.fill();
    await cluster.uninstall();
    const held = cluster.model.find(PODCAPTURE_RESOURCE, 'shop', 'held-1');
    expect([held?.metadata.deletionTimestamp, held?.spec.hold?.releaseReason]).toEqual([undefined, 'NodeAgentStopped']);
  });

  test('uninstall() lists PodCaptures 50 at a time, and ever less often while it waits for their ends', async () => {
    const cluster = new Cluster();
    cluster.fill();
    cluster.agentEndsAfter = Infinity;
    const lists: { readonly at: number; readonly limit: number | undefined }[] = [];
    const api = cluster.model.api();
    const counting: KubeApi['list'] = (resource, options) => {
      if (resource.plural === PODCAPTURES.plural) lists.push({ at: cluster.now, limit: options?.limit });
      return api.list(resource, options);
    };
    // The controller's pods, which are listed by a label, are gone.
    const byLabel: KubeApi['list'] = (resource, options) =>
      options?.labelSelector === undefined
        ? counting(resource, options)
        : Promise.resolve(success({ items: [], metadata: { resourceVersion: '1' } }));
    expect(await cluster.uninstall(undefined, { list: byLabel })).toBe(true);
    expect(new Set(lists.map(({ limit }) => limit))).toEqual(new Set([50]));
    const waiting = lists.filter(({ at }) => at < 30_000);
    expect(waiting.map(({ at }) => at)).toEqual([
      0, 250, 750, 1750, 3750, 7750, 11_750, 15_750, 19_750, 23_750, 27_750,
    ]);
  });

  test('uninstall() changes nothing when it runs again', async () => {
    const cluster = new Cluster();
    cluster.fill();
    await cluster.uninstall();
    const { revision } = cluster.model;
    expect(await cluster.uninstall()).toBe(true);
    expect(cluster.model.revision).toBe(revision);
  });

  test('uninstall() changes nothing else before the controller is gone', async () => {
    const cluster = new Cluster();
    cluster.fill();
    cluster.controllerGoneAt = 20_000;
    const early: string[] = [];
    await cluster.uninstall((call, perform) => {
      if (!['get', 'list'].includes(call.verb) && cluster.now < 20_000) early.push(call.name);
      return perform();
    });
    expect(early).toEqual([]);
  });

  test('uninstall() continues after 45 s when a pod of the controller does not end', async () => {
    const cluster = new Cluster();
    cluster.fill();
    cluster.controllerGoneAt = Infinity;
    expect(await cluster.uninstall()).toBe(true);
    expect(cluster.finalizers()).toEqual([]);
    expect(cluster.now).toBeLessThan(60_000);
  });

  test('uninstall() gives up on an agent that does not end its capture within the waiting time', async () => {
    const cluster = new Cluster();
    cluster.fill();
    cluster.agentEndsAfter = Infinity;
    expect(await cluster.uninstall()).toBe(true);
    expect(cluster.endings()).toMatchObject({ held: 'False Cancelled', 'in-passing': 'False Cancelled' });
    expect(cluster.finalizers()).toEqual([]);
    expect(cluster.now).toBeGreaterThan(30_000);
    expect(cluster.now).toBeLessThan(35_000);
  });

  test('uninstall() succeeds when the kinds are already gone', async () => {
    const cluster = new Cluster();
    expect(await cluster.uninstall(WITHOUT_KINDS)).toBe(true);
  });

  test('uninstall() does nothing else when it may not stop the controller', async () => {
    const cluster = new Cluster();
    cluster.fill();
    const { revision } = cluster.model;
    const error = { method: 'PATCH', path: '', code: 403, reason: 'Forbidden', message: 'no' };
    expect(await cluster.uninstall(undefined, { raw: () => Promise.resolve(failure(error)) })).toBe(false);
    expect(cluster.model.revision).toBe(revision);
  });

  test('uninstall() fails when somebody keeps setting the finalizer again', async () => {
    const cluster = new Cluster();
    cluster.fill();
    const again: Intercept = (call, perform) => {
      const result = perform();
      const object = cluster.model.find(CHECKPOINT_RESOURCE, 'shop', 'held');
      if (call.verb === 'patch' && call.name === 'held' && object !== undefined)
        cluster.model.put(CHECKPOINTS, {
          ...object,
          metadata: { ...object.metadata, finalizers: [RELEASE_FINALIZER] },
        });
      return result;
    };
    expect(await cluster.uninstall(again)).toBe(false);
  });

  test('uninstall() copes with requests that fail, conflict or get no answer', async () => {
    const fault = fc.constantFrom('none', 'none', 'none', 'unsent', 'unanswered', 'conflict');
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 60 }), async (faults) => {
        const cluster = new Cluster();
        cluster.fill();
        const queue = [...faults];
        let failed = 0;
        const unreliable: Intercept = <T>(call: { verb: string }, perform: () => KubeResult<T>): KubeResult<T> => {
          const drawn = queue.shift() ?? 'none';
          // A request is tried eight times; a longer outage rightly fails the step, and the Job runs again.
          const next = failed >= 7 ? 'none' : drawn;
          failed = next === 'unsent' || next === 'unanswered' ? failed + 1 : 0;
          const error = { method: call.verb, path: '', reason: 'Unreachable', message: 'cut' };
          if (next === 'unsent') return failure(error);
          if (next === 'conflict' && call.verb === 'patch') return failure({ ...error, code: 409, reason: 'Conflict' });
          const result = perform();
          return next === 'unanswered' ? failure(error) : result;
        };
        expect(await cluster.uninstall(unreliable)).toBe(true);
        expect(cluster.finalizers()).toEqual([]);
        const endings = Object.values(cluster.endings());
        expect(endings.filter((ending) => !/^(True|False) /.test(ending))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
