/** Tests operations on a cluster while a pod is held. None of them waits for the hold. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODES } from '../../../src/controller/resources.js';
import type { Cluster } from '../harness/cluster.js';
import { everythingRuns, testCluster } from './node-view.js';
import { gatherControllers } from './placement.js';
import { expectCutShort } from './endings.js';
import { heart, lastBeat } from './pods.js';
import { describeOnHarness } from './requirement.js';
import {
  condition,
  found,
  NAMESPACES,
  openWorld,
  PATIENCE,
  PODS,
  succeeded,
  until,
  value,
  type World,
} from './world.js';

const LONG = 600;
/** Far shorter than the hold, and enough for kubelet and the controllers without a hold. */
const SOON_MS = 30_000 * PATIENCE;

describeOnHarness('while a pod is held', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('drain', 'node-2');
  });
  afterAll(async () => await world.close());
  beforeEach(async () => {
    await world.createPod('heart', [heart('beat')]);
    await world.running('heart');
  });
  afterEach(async () => {
    await cordon(false);
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
    await everythingRuns(cluster);
    if ((await world.getPod('heart')) !== undefined) await world.removePod('heart');
    await world.podGone('heart');
    await stasisReady();
  });

  const cordon = async (unschedulable: boolean): Promise<void> => {
    value(await world.api.mergePatch(NODES, { name: 'node-2', patch: { spec: { unschedulable } } }));
  };
  const stasisReady = async (): Promise<void> => {
    await until('all pods of Stasis to be ready', async () => {
      const pods = value(await world.api.list(PODS, { labelSelector: 'app.kubernetes.io/name=stasis' })).items;
      const ready = pods.filter(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined && status?.containerStatuses?.every((container) => container.ready),
      );
      return pods.length >= 4 && ready.length === pods.length ? true : undefined;
    });
  };
  const expectBeats = async (): Promise<void> => {
    const before = lastBeat(await world.log('heart'));
    await until('the heart to beat', async () => (lastBeat(await world.log('heart')) > before ? true : undefined));
  };
  const kubectl = async (...args: string[]): Promise<void> => {
    expect(await cluster.kubectl(args)).toMatchObject({ status: 0 });
  };

  test('a cordon of the node ends the hold, because a drain begins with a cordon', async () => {
    await world.create('cordoned', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('cordoned', 'Holding');
    await cordon(true);
    await expectCutShort(world, 'cordoned', 'NodeDrained', LONG);
    await expectBeats();
    expect((await world.getPod('heart'))?.metadata.deletionTimestamp).toBeUndefined();
  });

  test('a node that was cordoned before the capture does not end the hold', async () => {
    await cordon(true);
    await until('the taint', async () => {
      const taints = value(await world.api.get(NODES, { name: 'node-2' })).spec?.taints ?? [];
      return taints.some(({ key }) => key === 'node.kubernetes.io/unschedulable') ? true : undefined;
    });
    // Times of taints and objects are whole seconds, and a taint of the same second counts as later.
    await sleep(1100);
    await world.create('cordoned-before', { podName: 'heart', hold: { seconds: 3 } });
    await world.reached('cordoned-before', 'Holding');
    const checkpoint = await world.ended('cordoned-before');
    expect(checkpoint.status?.pods?.[0]?.timings?.holdMicroseconds).toBeGreaterThanOrEqual(3_000_000);
  });

  const TAINT = 'stasis.test/dedicated=yes:NoExecute';
  const TOLERATED = { tolerations: [{ key: 'stasis.test/dedicated', operator: 'Exists' }] };
  const tainted = async (body: () => Promise<void>): Promise<void> => {
    try {
      await body();
    } finally {
      await kubectl('taint', 'node', 'node-2', `${TAINT}-`);
    }
  };

  test('a NoExecute taint that the pod tolerates does not end the hold, whether it is old or new', async () => {
    // The controller does not tolerate the taint.
    await gatherControllers(world, 'node-1');
    await world.createPod('tolerant', [heart('beat')], TOLERATED);
    await world.running('tolerant');
    await tainted(async () => {
      await world.hold('new-taint', 'tolerant', 5 * PATIENCE);
      await kubectl('taint', 'node', 'node-2', TAINT);
      const first = await world.ended('new-taint');
      await world.hold('old-taint', 'tolerant', 3 * PATIENCE);
      const second = await world.ended('old-taint');
      for (const checkpoint of [first, second]) {
        expect(condition(checkpoint, 'Held')).toMatchObject({ status: 'False', reason: 'HoldElapsed' });
        expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
        expect(checkpoint.status?.pods?.[0]?.timings?.holdMicroseconds).toBeGreaterThanOrEqual(2_999_000 * PATIENCE);
      }
    });
    await world.removePod('tolerant');
    await world.podGone('tolerant');
  });

  test('a new NoExecute taint that the pod does not tolerate ends the hold', async () => {
    await gatherControllers(world, 'node-1');
    await world.hold('evicted', 'heart', LONG);
    await tainted(async () => {
      await kubectl('taint', 'node', 'node-2', TAINT);
      // Kubernetes deletes the pod at the same time.
      await expectCutShort(world, 'evicted', ['NodeDrained', 'PodTerminating'], LONG);
      await world.podGone('heart');
    });
  });

  test('kubectl drain of the node finishes in time', async () => {
    await world.create('drained', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('drained', 'Holding');
    const since = Date.now();
    // --force is needed because the pod has no controller. A replica of the controller may be evicted as well, even the
    // leader.
    await kubectl('drain', 'node-2', '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=60s');
    expect(Date.now() - since).toBeLessThan(SOON_MS);
    // The eviction follows the cordon at once.
    await expectCutShort(world, 'drained', ['NodeDrained', 'PodTerminating'], LONG);
    await world.podGone('heart');
  });

  test('a rolling update of the node agents releases the pod, reports, and continues with new agents', async () => {
    const agents = async (): Promise<(string | undefined)[]> => {
      const labelSelector = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent';
      return value(await world.api.list(PODS, { labelSelector })).items.map(({ metadata }) => metadata.uid);
    };
    const before = await agents();
    await world.create('rolled', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('rolled', 'Holding');
    const daemonSet = ['daemonset/stasis-node-agent', '-n', 'stasis-system'];
    await kubectl('rollout', 'restart', ...daemonSet);
    await expectCutShort(world, 'rolled', 'NodeAgentStopped', LONG);
    await expectBeats();
    await kubectl('rollout', 'status', ...daemonSet, '--timeout=120s');
    await stasisReady();
    expect((await agents()).filter((uid) => before.includes(uid))).toEqual([]);
    await world.create('with-the-new', { podName: 'heart' });
    expect(succeeded(await world.ended('with-the-new'))?.reason).toBe('Captured');
  });

  test("kubectl delete pod of the node's agent ends the hold", async () => {
    await world.hold('orphaned', 'heart', LONG);
    const selector = ['-l', 'app.kubernetes.io/component=node-agent', '--field-selector=spec.nodeName=node-2'];
    await kubectl('delete', 'pod', '-n', 'stasis-system', ...selector);
    await expectCutShort(world, 'orphaned', 'NodeAgentStopped', LONG);
    await expectBeats();
  });

  test('a rolling update of the controller leaves the hold alone', async () => {
    await world.create('led', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('led', 'Holding');
    const deployment = ['deployment/stasis-controller', '-n', 'stasis-system'];
    await kubectl('rollout', 'restart', ...deployment);
    await kubectl('rollout', 'status', ...deployment, '--timeout=120s');
    expect(succeeded(await world.getCheckpoint('led'))?.reason).toBe('Holding');
    await world.release('led');
    expect(succeeded(await world.ended('led'))?.reason).toBe('Captured');
    await expectBeats();
  });

  test('deleting the namespace ends the hold, and the namespace is gone in time', async () => {
    const other = await openWorld('doomed', 'node-2');
    try {
      await other.createPod('heart', [heart('beat')]);
      await other.running('heart');
      await other.create('doomed', { podName: 'heart', hold: { seconds: LONG } });
      await other.reached('doomed', 'Holding');
      await other.create('behind', { podName: 'heart', hold: { seconds: LONG } });
      const since = Date.now();
      value(await other.api.remove(NAMESPACES, { name: other.namespace }));
      await until('the namespace to be gone', async () =>
        found(await other.api.get(NAMESPACES, { name: other.namespace })) === undefined ? true : undefined,
      );
      expect(Date.now() - since).toBeLessThan(SOON_MS);
    } finally {
      // A hold that is left behind would fail every later test.
      await other.close();
    }
  });
});
