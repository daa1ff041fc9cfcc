/** Tests that not knowing is no verdict: after the API server or the controller was away, new Checkpoints succeed. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../harness/cluster.js';
import { everythingRuns, signal, testCluster } from './node-view.js';
import { sleeper } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { kubectl, rolledOut, STASIS } from './settings.js';
import { CHECKPOINTS } from '../../../src/api/kinds.js';
import { openWorld, PATIENCE, succeeded, until, type World } from './world.js';

/** Longer than the 40 s after which a controller takes an agent for lost that it has not heard of. */
const AFTERWARDS_MS = 50_000 * PATIENCE;
const EVERY_MS = 1000;

describeOnHarness('new Checkpoints on healthy nodes succeed', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('back');
    for (const { name } of cluster.nodes) await world.createPod(`on-${name}`, [sleeper('main')], { nodeName: name });
    for (const { name } of cluster.nodes) await world.running(`on-${name}`);
  });
  afterEach(async () => {
    await cluster.ready();
    await rolledOut(cluster);
    await everythingRuns(cluster);
    for (const { metadata } of await world.checkpoints()) await world.removeCheckpoint(metadata.name);
  });
  afterAll(async () => await world.close());

  const scale = async (replicas: number): Promise<void> => {
    await kubectl(cluster, ['scale', 'deployment/stasis-controller', '-n', STASIS, `--replicas=${replicas}`]);
  };
  /** Creates Checkpoints on every node for a while, and expects that each of them succeeds. */
  const expectAllCaptured = async (topic: string): Promise<void> => {
    const names: string[] = [];
    for (const end = Date.now() + AFTERWARDS_MS; Date.now() < end; await sleep(EVERY_MS))
      for (const { name } of cluster.nodes) {
        const checkpoint = `${topic}-${names.length}`;
        // For its first seconds a restarted API server answers 503 to what it does not know yet.
        await until('the API server to take the Checkpoint', async () => {
          const spec = { podName: `on-${name}` };
          const metadata = { name: checkpoint, namespace: world.namespace };
          const made = await world.api.create(CHECKPOINTS, { metadata, spec });
          return made.ok || made.error.reason === 'AlreadyExists' ? true : undefined;
        });
        names.push(checkpoint);
      }
    const ended = await Promise.all(names.map(async (name) => await world.ended(name, 120)));
    const others = ended.filter((checkpoint) => succeeded(checkpoint)?.reason !== 'Captured');
    expect(others.map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status?.conditions)}`)).toEqual([]);
  };

  test('after the API server was killed and is back', async () => {
    await cluster.apiserver.kill();
    await sleep(20_000);
    await cluster.apiserver.start();
    await expectAllCaptured('server');
  }, 400_000);

  test('after the API server was restarted in an instant', async () => {
    await cluster.apiserver.kill();
    await cluster.apiserver.start();
    await expectAllCaptured('instant');
  }, 400_000);

  test('after every replica of the controller was killed and is back', async () => {
    for (const node of cluster.nodes) await signal(node, 'controller', 'KILL');
    await expectAllCaptured('controller');
  }, 400_000);

  test('after there was no controller for longer than an agent may be silent', async () => {
    await scale(0);
    await sleep(60_000);
    await scale(2);
    await expectAllCaptured('absent');
  }, 500_000);
});
