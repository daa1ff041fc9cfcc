/** Tests containers that start and end while the pod is held, and containers that are added to the pod later. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint } from '../../../src/api/kinds.js';
import type { Cluster } from '../harness/cluster.js';
import type { Node } from '../harness/node.js';
import { cgroupOf, containerID, pidOf, pidsIn } from './container-view.js';
import { everythingRuns, testCluster } from './node-view.js';
import { expectCutShort } from './endings.js';
import { heart, lastBeat, shell, sleeper, type Pod } from './pods.js';
import { describeOnCluster, describeOnHarnessNodes, describeOnNodes } from './requirement.js';
import { openWorld, PATIENCE, succeeded, until, value, type World } from './world.js';

/** Longer than any test takes. Each test ends the hold when it has seen enough. */
const HOLD_SECONDS = 600;
/** Most containers of one capture; a bound of the product. */
const MOST_CONTAINERS = 64;

interface EphemeralStatuses {
  readonly ephemeralContainerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
}

function restarts(pod: Pod | undefined, container: string): number {
  return pod?.status?.containerStatuses?.find(({ name }) => name === container)?.restartCount ?? -1;
}

describeOnNodes('an ephemeral container', ({ nodeName }) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('ephemeral', nodeName);
    await world.createPod('web', [heart('server')]);
    await world.running('web');
  });
  afterAll(async () => await world.close());

  /** Adds an ephemeral container, as `kubectl debug` does. */
  const debug = async (): Promise<void> => {
    const path = `/api/v1/namespaces/${world.namespace}/pods/web/ephemeralcontainers`;
    const body = { spec: { ephemeralContainers: [shell('debugger', 'while :; do sleep 0.2; done')] } };
    value(await world.api.raw('PATCH', path, { body, contentType: 'application/strategic-merge-patch+json' }));
    await until('the ephemeral container to run', async () => {
      const status = (await world.getPod('web'))?.status as EphemeralStatuses | undefined;
      return status?.ephemeralContainerStatuses?.[0]?.state?.running === undefined ? undefined : true;
    });
  };
  const containersOf = async (name: string): Promise<string[]> => {
    const checkpoint = await world.ended(name);
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    const [capture] = await world.captures(checkpoint);
    return (capture?.status?.containers?.map((container) => container.name ?? '') ?? []).toSorted();
  };

  test('is captured with the other containers, and alone when it is named', async () => {
    await world.create('before', { podName: 'web' });
    expect(await containersOf('before')).toEqual(['server']);
    await debug();
    await world.create('all', { podName: 'web' });
    expect(await containersOf('all')).toEqual(['debugger', 'server']);
    await world.create('alone', { podName: 'web', containers: ['debugger'] });
    expect(await containersOf('alone')).toEqual(['debugger']);
  });
});

describeOnHarnessNodes('during a hold', ({ nodeName, freezer }) => {
  let cluster: Cluster;
  let world: World;
  let node: Node;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    node = cluster.node(nodeName);
    world = await openWorld('containers', nodeName);
  });
  afterAll(async () => await world.close());
  beforeEach(async () => {
    await world.createPod('two', [heart('beat'), sleeper('other')]);
    await world.running('two');
  });
  afterEach(async () => {
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
    await everythingRuns(cluster);
    await world.removePod('two');
    await world.podGone('two');
  });

  /** Kills process 1 of a container from the node. A held process dies of SIGKILL like any other. */
  const killContainer = async (name: string): Promise<void> => {
    const place = await cgroupOf(node, containerID((await world.getPod('two')) as Pod, name), freezer);
    const [first] = await pidsIn(node, place);
    await node.exec(['kill', '-s', 'KILL', String(first)]);
  };
  const letGo = async (name: string): Promise<Checkpoint> => {
    await world.release(name);
    return await world.ended(name);
  };
  const expectRestarted = async (name: string): Promise<void> => {
    await until(`container ${name} to run again`, async () =>
      restarts(await world.getPod('two'), name) === 1 ? true : undefined,
    );
    await world.running('two');
  };

  test('a killed container is restarted at once, and ends the hold of the other container', async () => {
    await world.create('killed', { podName: 'two', hold: { seconds: HOLD_SECONDS } });
    await world.reached('killed', 'Holding');
    await killContainer('other');
    await expectCutShort(world, 'killed', 'ContainerEnded', HOLD_SECONDS);
    await expectRestarted('other');
    const before = lastBeat(await world.log('two', 'beat'));
    await until('the heart to beat', async () =>
      lastBeat(await world.log('two', 'beat')) > before ? true : undefined,
    );
    expect(restarts(await world.getPod('two'), 'beat')).toBe(0);

    await world.create('next', { podName: 'two' });
    const next = await world.ended('next');
    expect(succeeded(next)?.reason).toBe('Captured');
    const [capture] = await world.captures(next);
    expect(capture?.status?.containers?.map(({ name }) => name).toSorted()).toEqual(['beat', 'other']);
  });

  test('a hold whose containers are all killed is cut short, and each container is restarted', async () => {
    await world.create('all', { podName: 'two', hold: { seconds: HOLD_SECONDS } });
    await world.reached('all', 'Holding');
    await killContainer('beat');
    await killContainer('other');
    await expectRestarted('beat');
    await expectRestarted('other');
    await expectCutShort(world, 'all', 'ContainerEnded', HOLD_SECONDS, 'none');
  });

  test('a kubectl exec into the held pod is counted as joined, and continues after the hold', async () => {
    await world.create('joined', { podName: 'two', hold: { seconds: HOLD_SECONDS } });
    await world.reached('joined', 'Holding');
    const place = await cgroupOf(node, containerID((await world.getPod('two')) as Pod, 'other'), freezer);
    const held = (await pidsIn(node, place)).length;
    let isOver = false;
    const command = ['exec', '-n', world.namespace, 'two', '-c', 'other', '--', 'sh', '-c', 'sleep 1; echo over'];
    const ran = cluster.kubectl(command).finally(() => (isOver = true));
    // The first process to join is usually runc's own. A process that joins runs for at most 50 ms until it is seized,
    // and this command takes longer.
    await until('a process to have joined', async () => ((await pidsIn(node, place)).length > held ? true : undefined));
    await sleep(1000);
    expect(succeeded(await world.getCheckpoint('joined'))?.reason).toBe('Holding');
    expect(isOver).toBe(false);
    const checkpoint = await letGo('joined');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    const [capture] = await world.captures(checkpoint);
    expect(capture?.status?.joined).toBeGreaterThan(0);
    expect(await ran).toMatchObject({ status: 0, stdout: 'over\n' });
  });

  test('a process that kubectl exec started before the hold is held with the others', async () => {
    const command = [
      'exec',
      '-n',
      world.namespace,
      'two',
      '-c',
      'other',
      '--',
      'sh',
      '-c',
      'usleep 3000000; echo over',
    ];
    const ran = cluster.kubectl(command);
    const place = await cgroupOf(node, containerID((await world.getPod('two')) as Pod, 'other'), freezer);
    const guest = await pidOf(node, place, 'usleep');
    await world.create('guest', { podName: 'two', hold: { seconds: 1 } });
    const checkpoint = await world.ended('guest');
    const [capture] = await world.captures(checkpoint);
    expect(capture?.status?.tree?.map(({ pid }) => pid)).toContain(guest);
    expect(await ran).toMatchObject({ status: 0, stdout: 'over\n' });
  });
});

// The test takes as long as starting the containers, so it runs once, and not on an emulated machine.
(PATIENCE > 1 ? describe.skip : describeOnCluster)('a pod with more containers than one capture allows', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('crowd');
  });
  afterAll(async () => await world.close());

  test('is refused as InvalidTarget unless the Checkpoint names fewer containers', async () => {
    const containers = Array.from({ length: MOST_CONTAINERS + 1 }, (_, index) => ({
      ...shell(`c${index}`, ''),
      command: ['sleep', '3600'],
    }));
    await world.createPod('crowd', containers);
    await until(
      'all containers to run',
      async () => {
        const statuses = (await world.getPod('crowd'))?.status?.containerStatuses ?? [];
        return statuses.length > MOST_CONTAINERS && statuses.every(({ ready }) => ready) ? true : undefined;
      },
      undefined,
      120,
    );
    await world.create('crowd', { podName: 'crowd' });
    const checkpoint = await world.ended('crowd');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason: 'InvalidTarget' });
    expect(succeeded(checkpoint)?.message).toMatch(
      /runs 65 of the selected containers, and one capture takes at most 64/,
    );
    const names = containers.slice(0, 32).map(({ name }) => name);
    await world.create('some', { podName: 'crowd', containers: names });
    const some = await world.ended('some');
    expect(succeeded(some)?.reason).toBe('Captured');
    const [capture] = await world.captures(some);
    expect(capture?.status?.containers?.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });
});
