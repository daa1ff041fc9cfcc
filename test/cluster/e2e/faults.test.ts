/** Tests faults that rows.test.ts does not cover. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../harness/cluster.js';
import type { Node } from '../harness/node.js';
import { everythingRuns, pidsOf, signal, testCluster } from './node-view.js';
import { gatherControllers } from './placement.js';
import { expectCutShort } from './endings.js';
import { heart, lastBeat } from './pods.js';
import { CHECKPOINTS } from '../../../src/api/kinds.js';
import { describeOnHarness } from './requirement.js';
import { openWorld, PODS, succeeded, until, value, type World } from './world.js';

/** Delays that spread a kill over the whole life of a Checkpoint, which lasts some 100 ms without a hold. */
const STEPS_MS = [0, 10, 20, 40, 60, 80, 120, 160, 250, 400];
/**
 * A node counts as lost after up to 50 s. Its replicas are deleted 30 s later, and a new replica leads after a Lease of
 * 15 s.
 */
const LOST_SECONDS = 180;

describeOnHarness('after a fault', () => {
  let cluster: Cluster;
  let world: World;
  let node: Node;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('faults', 'node-2');
    node = cluster.node('node-2');
  });
  afterAll(async () => {
    await cluster.ready();
    await world.close();
  });
  beforeEach(async () => {
    await world.createPod('heart', [heart('beat')]);
    await world.running('heart');
  });
  afterEach(async () => {
    await everythingRuns(cluster);
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
    await world.removePod('heart');
    await world.podGone('heart');
    await agentsReady();
  });

  const agentsReady = async (): Promise<void> => {
    await until('all pods of Stasis to be ready', async () => {
      const pods = value(await world.api.list(PODS, { labelSelector: 'app.kubernetes.io/name=stasis' })).items;
      const ready = pods.filter(({ status }) => status?.containerStatuses?.every((container) => container.ready));
      return pods.length >= 4 && ready.length === pods.length ? true : undefined;
    });
  };
  const expectRuns = async (): Promise<void> => {
    const before = lastBeat(await world.log('heart'));
    await until('the heart to beat again', async () =>
      lastBeat(await world.log('heart')) > before ? true : undefined,
    );
  };

  test('a Checkpoint that was created before the API server went away for 30 s is carried out once', async () => {
    await world.create('before', { podName: 'heart' });
    await cluster.apiserver.kill();
    await sleep(30_000);
    await cluster.apiserver.start();
    const checkpoint = await world.ended('before');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    expect(await world.captures(checkpoint)).toHaveLength(1);
    await world.create('after', { podName: 'heart' });
    expect(succeeded(await world.ended('after'))?.reason).toBe('Captured');
  });

  test('every Checkpoint ends with one PodCapture when the leading controller is killed at any step', async () => {
    for (const delay of STEPS_MS) {
      const name = `controller-${delay}`;
      await world.create(name, { podName: 'heart' });
      await sleep(delay);
      for (const each of cluster.nodes) await signal(each, 'controller', 'KILL');
      const checkpoint = await world.ended(name);
      expect(succeeded(checkpoint)?.reason).toBe('Captured');
      expect(await world.captures(checkpoint)).toHaveLength(1);
    }
  });

  test('a node agent that is told to end during a hold releases the pod and reports', async () => {
    await world.create('asked', { podName: 'heart', hold: { seconds: 600 } });
    await world.reached('asked', 'Holding');
    await signal(node, 'node-agent', 'TERM');
    await expectCutShort(world, 'asked', 'NodeAgentStopped', 600);
    await expectRuns();
  });

  test('a controller that was stopped for longer than its Lease does no harm when it continues', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/stasis-system/leases/stasis-controller';
    const holder = async (): Promise<string> => {
      const lease = JSON.parse(value(await world.api.raw('GET', leases)).text) as { spec: { holderIdentity: string } };
      return lease.spec.holderIdentity;
    };
    const before = await until('a leader', async () => (await holder()) || undefined);
    const pods = value(await world.api.list(PODS, { namespace: 'stasis-system' })).items;
    const leader = pods.find(({ metadata }) => before.startsWith(metadata.name));
    const home = cluster.node(String(leader?.spec.nodeName));
    const pids = await pidsOf(home, 'controller');
    for (const pid of pids) await home.exec(['kill', '-s', 'STOP', String(pid)]);
    try {
      await world.create('meanwhile', { podName: 'heart' });
      expect(succeeded(await world.ended('meanwhile'))?.reason).toBe('Captured');
    } finally {
      for (const pid of pids) await home.exec(['kill', '-s', 'CONT', String(pid)]);
    }
    await world.create('afterwards', { podName: 'heart' });
    const checkpoint = await world.ended('afterwards');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    expect(await world.captures(checkpoint)).toHaveLength(1);
  });

  test('a Checkpoint ends although others keep writing to it and to its PodCapture', async () => {
    const storming = new AbortController();
    const storm = (async () => {
      for (let round = 0; !storming.signal.aborted; round++) {
        const annotations = { 'stasis.dev/test': String(round) };
        for (const { metadata } of await world.checkpoints())
          await world.api.mergePatch(CHECKPOINTS, {
            namespace: world.namespace,
            name: metadata.name,
            patch: { metadata: { annotations } },
          });
      }
    })();
    try {
      for (let index = 0; index < 10; index++) {
        await world.create(`storm-${index}`, { podName: 'heart' });
        expect(succeeded(await world.ended(`storm-${index}`))?.reason).toBe('Captured');
      }
    } finally {
      storming.abort();
      await storm;
    }
  });

  test.each([
    ['', 'node-1'],
    [', and with it every controller', 'node-2'],
  ])(
    'a capture ends as NodeAgentLost and never runs later when its node loses power during a hold%s',
    async (_, home) => {
      await gatherControllers(world, home);
      await world.create('dark', { podName: 'heart', hold: { seconds: 600 } });
      await world.reached('dark', 'Holding');
      await node.stop();
      try {
        const checkpoint = await until(
          'the end',
          async () => {
            const now = await world.getCheckpoint('dark');
            return succeeded(now)?.status === 'False' ? now : undefined;
          },
          async () => JSON.stringify((await world.getCheckpoint('dark'))?.status),
          LOST_SECONDS,
        );
        expect(succeeded(checkpoint)?.reason).toBe('NodeAgentLost');
        // The node may be seen to be lost, or the Checkpoint waits for it until the deadline.
        await world.create('unreachable', { podName: 'heart', startingDeadlineSeconds: 5 });
        expect(succeeded(await world.ended('unreachable'))?.reason).toBe('NodeAgentUnavailable');
      } finally {
        await node.start();
        await cluster.ready();
      }
      await agentsReady();
      expect(succeeded(await world.getCheckpoint('dark'))?.reason).toBe('NodeAgentLost');
      await world.running('heart');
    },
    480_000,
  );
});
