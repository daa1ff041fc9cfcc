/** Tests a pod in a sandbox, whose processes the node does not see. The node runs it with runc under the handler's name. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cluster } from '../harness/cluster.js';
import { expectRefused } from './endings.js';
import { testCluster } from './node-view.js';
import { sleeper } from './pods.js';
import { describeOnNamespaceNodes } from './requirement.js';
import { kubectl } from './settings.js';
import { openWorld, succeeded, type World } from './world.js';

describeOnNamespaceNodes('a pod of a sandboxed runtime', ({ nodeName }) => {
  let cluster: Cluster;
  let world: World;
  const classes = { sandbox: `sandbox-${nodeName}`, plain: `plain-${nodeName}` };
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('sandbox', nodeName);
    for (const [name, handler] of [
      [classes.sandbox, 'runsc'],
      [classes.plain, 'runc'],
    ]) {
      const runtimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler };
      await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(runtimeClass));
    }
    await world.createPod('boxed', [sleeper('main')], { runtimeClassName: classes.sandbox });
    await world.createPod('plain', [sleeper('main')], { runtimeClassName: classes.plain });
    for (const name of ['boxed', 'plain']) await world.running(name);
  });
  afterAll(async () => {
    await world.close();
    await kubectl(cluster, ['delete', 'runtimeclass', ...Object.values(classes)]);
  });

  test('is refused with the name of its class and its handler, and a class alone is no reason', async () => {
    await world.create('boxed', { podName: 'boxed' });
    await expectRefused(world, 'boxed', 'SandboxedRuntime', /runsc/);
    await world.create('dry', { podName: 'boxed', dryRun: true });
    await expectRefused(world, 'dry', 'SandboxedRuntime', /runsc/);
    await world.create('plain', { podName: 'plain' });
    expect(succeeded(await world.ended('plain'))?.reason).toBe('Captured');
  });
});
