import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CHECKPOINTS, PODCAPTURES, RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import type { KubeApi, ListOptions } from '../../../src/kube/api.js';
import { captureName } from '../../../src/controller/capture-name.js';
import { LEASES } from '../../../src/kube/lease.js';
import { failure, success, type KubeResult } from '../../../src/kube/result.js';
import type { Intercept } from '../../fake/kube-model.js';

import { Cluster } from './uninstall-cluster.js';

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
    const held = cluster.model.find(PODCAPTURE_RESOURCE, 'shop', captureName({ name: 'held', uid: 'uid-held' }));
    expect([held?.metadata.deletionTimestamp, held?.spec.hold?.releaseReason]).toEqual([undefined, 'NodeAgentStopped']);
  });

  test('uninstall() lists PodCaptures in short pages, and then only their metadata', async () => {
    const cluster = new Cluster();
    cluster.fill();
    cluster.agentEndsAfter = Infinity;
    const lists: (ListOptions | undefined)[] = [];
    const looks: number[] = [];
    const api = cluster.model.api();
    const counting: KubeApi['list'] = (resource, options) => {
      if (resource.plural === PODCAPTURES.plural) lists.push(options);
      return api.list(resource, options);
    };
    // The controller's pods, which are listed by a label, are gone.
    const byLabel: KubeApi['list'] = (resource, options) =>
      options?.labelSelector === undefined
        ? counting(resource, options)
        : Promise.resolve(success({ items: [], metadata: { resourceVersion: '1' }, length: 0 }));
    const get: KubeApi['get'] = (resource, at) => {
      if (resource.plural === PODCAPTURES.plural && looks.at(-1) !== cluster.now) looks.push(cluster.now);
      return api.get(resource, at);
    };
    expect(await cluster.uninstall(undefined, { list: byLabel, get })).toBe(true);
    expect(lists.map((options) => [options?.limit, options?.metadataOnly ?? false])).toEqual([
      [25, false],
      // The first takes the finalizers off, and the second sees that none is left.
      [25, true],
      [25, true],
    ]);
    // The looks at those that have not ended are ever rarer.
    expect(looks.slice(0, 7)).toEqual([250, 750, 1750, 3750, 7750, 11_750, 15_750]);
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
