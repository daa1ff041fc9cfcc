/** Tests a power cut during a hold, on a machine with its own systemd and kernel. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cluster } from '../harness/cluster.js';
import type { Node } from '../harness/node.js';
import { standingStill, testCluster } from './node-view.js';
import { heart, lastBeat } from './pods.js';
import { describeOnMachines } from './requirement.js';
import { openWorld, succeeded, until, type World } from './world.js';

const JOURNALS = 'cat /proc/sys/kernel/random/boot_id; ls /run/stasis/node-agent | grep -c journal$';

describeOnMachines('a power cut during a hold', ({ nodeName }) => {
  let cluster: Cluster;
  let world: World;
  let node: Node;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    node = cluster.node(nodeName);
    world = await openWorld('reboot', nodeName);
  });
  afterAll(async () => await world.close());

  const journals = async (): Promise<readonly string[]> => {
    const { stdout } = await node.exec(['sh', '-c', JOURNALS]);
    return stdout.trim().split('\n');
  };

  /**
   * Returns the number of beats since the start. Until kubelet reports otherwise, the API server believes that the pod
   * still runs, so there may be no log yet. The uptime began again at 0.
   */
  const beats = async (): Promise<number> => {
    const { stdout } = await cluster.kubectl(['logs', '--namespace', world.namespace, 'heart']);
    const pod = await world.getPod('heart');
    const restarted = pod?.status?.containerStatuses?.some(({ restartCount }) => restartCount > 0) === true;
    return restarted ? lastBeat(stdout) : -1;
  };

  test('leaves nothing for the next guard: everything runs, the capture has ended, and the next capture works', async () => {
    await world.createPod('heart', [heart('beat')]);
    await world.running('heart');
    const [bootBefore] = await journals();
    await world.create('dark', { podName: 'heart', hold: { seconds: 600 } });
    await world.reached('dark', 'Holding');
    // The file that CNI wrote for a new pod may not be on the disk yet. A truncated file keeps containerd from ever
    // starting the pod again.
    await node.exec(['sync']);
    await node.stop();
    await node.start();
    await cluster.ready();
    expect(['NodeAgentLost', 'NodeAgentRestarted']).toContain(succeeded(await world.ended('dark'))?.reason);
    await until('the heart to beat', async () => ((await beats()) > 0 ? true : undefined));
    expect(await standingStill(node)).toEqual([]);
    const [boot, count] = await journals();
    expect(boot).not.toBe(bootBefore);
    expect(count).toBe('1');
    // The pod may run before the agent does.
    let attempt = 0;
    await until('a capture by the next agent', async () => {
      const name = `light-${attempt++}`;
      await world.create(name, { podName: 'heart', startingDeadlineSeconds: 10 });
      return succeeded(await world.ended(name))?.reason === 'Captured' ? true : undefined;
    });
  });
});
