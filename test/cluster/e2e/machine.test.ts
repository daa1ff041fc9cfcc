/** Pods of today's Kubernetes that need a machine with cgroup v2 alone, a current kernel, containerd and runc. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint } from '../../../src/api/kinds.js';
import type { KubeObject, Resource } from '../../../src/kube/types.js';
import type { Cluster } from '../harness/cluster.js';
import type { Node } from '../harness/node.js';
import { type Cgroup, cgroupOf, containerID, pidsIn } from './container-view.js';
import { everythingRuns, standingStill, testCluster } from './node-view.js';
import { heart, lastBeat, longestGap, type Pod, shell } from './pods.js';
import { describeOnMachines } from './requirement.js';
import { found, openWorld, PATIENCE, succeeded, until, value, type World } from './world.js';

const CONTAINERS = 30;
/** Longer than any test takes. Each test ends the hold when it has seen enough. */
const LONG = 600;
interface RuntimeClass extends KubeObject {
  readonly handler: string;
}

const RUNTIME_CLASSES: Resource<RuntimeClass> = {
  group: 'node.k8s.io',
  version: 'v1',
  plural: 'runtimeclasses',
  namespaced: false,
  kind: 'RuntimeClass',
};
/**
 * Handlers in the machine's containerd.toml. The containers of the first may write to their own cgroup. The second is
 * CRI-O's runtime, which keeps the processes one level below the scope.
 */
const HANDLERS = ['writable', 'crun'] as const;

/** The limits are high: tasks of a throttled cgroup do not run, and a freezer waits for them. */
function resources(cpu: string): object {
  return { requests: { cpu: '100m' }, limits: { cpu, memory: '64Mi' } };
}

describeOnMachines('a pod on a current machine', ({ nodeName }) => {
  let cluster: Cluster;
  let world: World;
  let node: Node;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    node = cluster.node(nodeName);
    world = await openWorld('machine', nodeName);
    for (const name of HANDLERS)
      if (found(await world.api.get(RUNTIME_CLASSES, { name })) === undefined)
        value(await world.api.create(RUNTIME_CLASSES, { metadata: { name }, handler: name }));
  });
  afterAll(async () => await world.close());
  // On a machine that has died, a test fails here, and does not wait for its pod.
  beforeEach(async () => {
    const { status, stderr } = await node.exec(['true']);
    if (status !== 0) throw new Error(`${nodeName} takes no commands: ${stderr}`);
  });
  afterEach(async () => {
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
  });

  /** Begins a hold, and returns when the pod stands still. */
  const hold = async (name: string, podName: string, seconds: number): Promise<Checkpoint> => {
    return await world.hold(name, podName, seconds);
  };
  const release = async (name: string): Promise<Checkpoint> => {
    await world.release(name);
    return await world.ended(name);
  };
  const captured = async (checkpoint: Checkpoint): Promise<string[]> => {
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
    const [capture] = await world.captures(checkpoint);
    return (capture?.status?.containers?.map(({ name }) => name ?? '') ?? []).toSorted();
  };
  const beatsAfter = async (pod: string, container: string, since: number): Promise<void> => {
    await until(`${pod} to beat`, async () => (lastBeat(await world.log(pod, container)) > since ? true : undefined));
  };
  const read = async (...path: string[]): Promise<string> => (await node.exec(['cat', path.join('/')])).stdout.trim();
  const placeOf = async (pod: string, container: string): Promise<Cgroup> =>
    await cgroupOf(node, containerID((await world.getPod(pod)) as Pod, container), 'v2');

  test('with hostUsers: false is captured, with the users that the node sees, and held', async () => {
    await world.createPod('users', [heart('beat')], { hostUsers: false });
    await world.running('users');
    const [first] = await pidsIn(node, await placeOf('users', 'beat'));
    const [, outside = '0'] = (await read('/proc', String(first), 'uid_map')).split(/\s+/);
    expect(Number(outside)).toBeGreaterThan(0);
    await hold('users', 'users', 2 * PATIENCE);
    const checkpoint = await world.ended('users');
    expect(await captured(checkpoint)).toEqual(['beat']);
    const [capture] = await world.captures(checkpoint);
    for (const { uids, containerUids } of capture?.status?.tree ?? []) {
      expect(uids.effective).toBe(Number(outside));
      expect(containerUids?.effective).toBe(0);
    }
    const gap = longestGap(await world.log('users', 'beat'));
    expect(gap).toBeGreaterThan(1.9 * PATIENCE);
    await world.removePod('users');
  });

  test('is resized in place during a hold, and stays held', async () => {
    await world.createPod('grows', [heart('beat', { resources: resources('1500m') })]);
    await world.running('grows');
    const { directory: place } = await placeOf('grows', 'beat');
    expect(await read(place, 'cpu.max')).toBe('150000 100000');
    await hold('grows', 'grows', LONG);
    const before = lastBeat(await world.log('grows', 'beat'));
    const path = `/api/v1/namespaces/${world.namespace}/pods/grows/resize`;
    const body = { spec: { containers: [{ name: 'beat', resources: resources('1800m') }] } };
    value(await world.api.raw('PATCH', path, { body, contentType: 'application/strategic-merge-patch+json' }));
    await until(
      'the new limit',
      async () => ((await read(place, 'cpu.max')) === '180000 100000' ? true : undefined),
      async () => JSON.stringify((await world.getPod('grows'))?.status),
    );
    await sleep(1000);
    expect(lastBeat(await world.log('grows', 'beat'))).toBe(before);
    expect(succeeded(await world.getCheckpoint('grows'))?.reason).toBe('Holding');
    expect(await captured(await release('grows'))).toEqual(['beat']);
    await beatsAfter('grows', 'beat', before);
    expect((await world.getPod('grows'))?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    await world.removePod('grows');
  });

  test('is captured with its sidecar, and both are held', async () => {
    const initContainers = [heart('sidecar', { restartPolicy: 'Always' })];
    await world.createPod('side', [heart('main')], { initContainers });
    await world.running('side');
    await hold('side', 'side', LONG);
    const still = [lastBeat(await world.log('side', 'main')), lastBeat(await world.log('side', 'sidecar'))];
    await sleep(1000);
    expect([lastBeat(await world.log('side', 'main')), lastBeat(await world.log('side', 'sidecar'))]).toEqual(still);
    expect(await captured(await release('side'))).toEqual(['main', 'sidecar']);
    await beatsAfter('side', 'sidecar', still[1] ?? 0);
    await world.removePod('side');
  });

  test(`of ${CONTAINERS} containers is captured whole, and runs again`, async () => {
    const names = Array.from({ length: CONTAINERS }, (_, index) => `c${String(index).padStart(2, '0')}`);
    await world.createPod('crowd', [
      heart('c00'),
      ...names.slice(1).map((name) => ({ ...shell(name, ''), command: ['sleep', '3600'] })),
    ]);
    await until(
      'all containers to run',
      async () => {
        const statuses = (await world.getPod('crowd'))?.status?.containerStatuses ?? [];
        return statuses.length === CONTAINERS && statuses.every(({ ready }) => ready) ? true : undefined;
      },
      undefined,
      120,
    );
    await world.create('crowd', { podName: 'crowd' });
    const checkpoint = await world.ended('crowd');
    expect(await captured(checkpoint)).toEqual(names);
    expect(checkpoint.status?.pods?.[0]?.processes).toBeGreaterThanOrEqual(CONTAINERS);
    await everythingRuns(cluster);
    await beatsAfter('crowd', 'c00', lastBeat(await world.log('crowd', 'c00')));
    await world.removePod('crowd');
    await world.podGone('crowd');
  });

  test('that crun started, below its scope, is captured and held whole', async () => {
    await world.createPod('crun', [heart('beat'), heart('other')], { runtimeClassName: 'crun' });
    await world.running('crun');
    const { directory } = await placeOf('crun', 'beat');
    expect(await read(directory, 'cgroup.procs')).toBe('');
    expect(await read(directory, 'container', 'cgroup.procs')).not.toBe('');
    await hold('crun', 'crun', LONG);
    const still = lastBeat(await world.log('crun', 'other'));
    await sleep(1000);
    expect(lastBeat(await world.log('crun', 'other'))).toBe(still);
    expect(await captured(await release('crun'))).toEqual(['beat', 'other']);
    await beatsAfter('crun', 'other', still);
    await world.removePod('crun');
  });

  test('keeps the nested cgroup frozen that the pod itself froze', async () => {
    const own = '/sys/fs/cgroup/own';
    // A process that is frozen before it has its name keeps the former one.
    const named = 'until grep -q sleep /proc/$!/comm; do usleep 10000; done';
    const script = `mkdir ${own}; sleep 3600 & ${named}; echo $! > ${own}/cgroup.procs; echo 1 > ${own}/cgroup.freeze`;
    await world.createPod('nested', [heart('beat', {}, script)], { runtimeClassName: 'writable' });
    await world.running('nested');
    const { directory: place } = await placeOf('nested', 'beat');
    const events = async (): Promise<string> => await read(place, 'own', 'cgroup.events');
    await until('the pod to freeze its own cgroup', async () =>
      (await events()).includes('frozen 1') ? true : undefined,
    );
    await hold('nested', 'nested', LONG);
    const before = lastBeat(await world.log('nested', 'beat'));
    expect(await captured(await release('nested'))).toEqual(['beat']);
    await beatsAfter('nested', 'beat', before);
    expect(await read(place, 'own', 'cgroup.freeze')).toBe('1');
    expect(await events()).toContain('frozen 1');
    expect(await read(place, 'cgroup.freeze')).toBe('0');
    expect(await standingStill(node)).toEqual([`${place}/own/cgroup.events`]);
    const [checkpoint] = await world.checkpoints();
    const [capture] = await world.captures(checkpoint);
    expect(capture?.status?.tree?.map(({ comm }) => comm)).toContain('sleep');
    await world.removePod('nested');
    await world.podGone('nested');
  });
});
