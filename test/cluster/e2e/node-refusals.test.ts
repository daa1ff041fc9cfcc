/**
 * Tests the reasons that come from the node. Each test creates an obstacle there, and the obstacle must be unchanged
 * afterwards.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { CHECKPOINTS, type Checkpoint, type PodCapture } from '../../../src/api/kinds.js';
import type { Cluster } from '../harness/cluster.js';
import type { Node } from '../harness/node.js';
import { programs } from '../harness/tools.js';
import {
  cgroupOf,
  closeFreezer,
  containerID,
  freezerState,
  openFreezer,
  parentOf,
  pidOf,
  pidsIn,
  reachesState,
  type Cgroup,
} from './container-view.js';
import { everythingRuns, pidsOf, signal, standingStill, testCluster } from './node-view.js';
import { heart, lastBeat, shell, sleeper, type Container } from './pods.js';
import { describeOnHarnessNodes } from './requirement.js';
import { condition, openWorld, PODS, succeeded, until, value, type World } from './world.js';

const PROGRAMS = { image: 'stasis.test/programs:1' };
const ARTIFACTS = '/var/lib/stasis';

describeOnHarnessNodes('an obstacle on the node', ({ nodeName, freezer }) => {
  let cluster: Cluster;
  let world: World;
  let node: Node;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    node = cluster.node(nodeName);
    world = await openWorld('node', nodeName);
    await world.createPod('heart', [heart('beat')]);
    await world.running('heart');
  });
  afterEach(async () => {
    for (const { metadata } of value(await world.api.list(PODS, { namespace: world.namespace })).items)
      if (metadata.name !== 'heart') await endPod(metadata.name);
    await everythingRuns(cluster);
  });
  afterAll(async () => await world.close());

  const startPod = async (name: string, containers: Container[], spec: object = {}): Promise<Cgroup> => {
    await world.createPod(name, containers, spec);
    return await cgroup(name, containers[0]?.name ?? '');
  };
  const cgroup = async (pod: string, container: string): Promise<Cgroup> =>
    await cgroupOf(node, containerID(await world.running(pod), container), freezer);
  const endPod = async (name: string): Promise<void> => {
    await world.removePod(name);
    await world.podGone(name);
  };
  const captureOf = async (checkpoint: Checkpoint): Promise<PodCapture> => {
    const [capture, ...others] = await world.captures(checkpoint);
    expect(others).toEqual([]);
    return capture as PodCapture;
  };
  const containersOf = async (checkpoint: Checkpoint) => (await captureOf(checkpoint)).status?.containers;

  /** Expects that the Checkpoint failed with this reason, and reports that every freezer is as it was found. */
  const expectFailed = async (name: string, reason: string, message: RegExp): Promise<Checkpoint> => {
    const checkpoint = await world.ended(name);
    expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason });
    expect(succeeded(checkpoint)?.message).toMatch(message);
    expect(succeeded(await captureOf(checkpoint))?.reason).toBe(reason);
    expect(condition(checkpoint, 'Released')?.status).toBe('True');
    return checkpoint;
  };
  /** The positive control: without the obstacle the pod can be captured. */
  const expectCaptured = async (name: string, podName: string): Promise<Checkpoint> => {
    await world.create(name, { podName });
    const checkpoint = await world.ended(name);
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    return checkpoint;
  };
  const expectBeats = async (): Promise<void> => {
    const before = lastBeat(await world.log('heart'));
    await until('the heart to beat', async () => (lastBeat(await world.log('heart')) > before ? true : undefined));
  };

  test('a traced task ends the capture with TaskAlreadyTraced, and the debugger keeps its tracee', async () => {
    const trace = shell('debugged', 'sleep 3600 & /bin/tracer $! & wait', {
      ...PROGRAMS,
      securityContext: { capabilities: { add: ['SYS_PTRACE'] } },
    });
    const place = await startPod('traced', [trace]);
    const tracer = await pidOf(node, place, 'tracer');
    const traced = await until('the tracee', async () => {
      const lines = await standingStill(node);
      return lines.length === 1 && lines[0]?.endsWith(`\t${tracer}`) === true ? lines : undefined;
    });
    await world.create('traced', { podName: 'traced' });
    await expectFailed('traced', 'TaskAlreadyTraced', new RegExp(`traced by ${tracer} \\(tracer\\)`));
    expect(await standingStill(node)).toEqual(traced);
    await world.create('traced-dry', { podName: 'traced', dryRun: true });
    await expectFailed('traced-dry', 'TaskAlreadyTraced', /tracer/);

    await node.exec(['kill', '-s', 'TERM', String(tracer)]);
    await everythingRuns(cluster);
    await expectCaptured('untraced', 'traced');
  });

  test('a frozen ancestor ends the capture with AncestorFrozen, and stays frozen', async () => {
    const pod = parentOf(await cgroup('heart', 'beat'));
    await closeFreezer(node, pod);
    try {
      await reachesState(node, pod, 'FROZEN');
      await world.create('above', { podName: 'heart' });
      await expectFailed('above', 'AncestorFrozen', new RegExp(`${pod.directory.split('/').at(-1)} is frozen`));
      expect(await freezerState(node, pod)).toBe('FROZEN');
    } finally {
      await openFreezer(node, pod);
    }
    await expectBeats();
    await expectCaptured('not-above', 'heart');
  });

  test('a container that somebody else has frozen is captured, and stays frozen', async () => {
    const place = await cgroup('heart', 'beat');
    await closeFreezer(node, place);
    try {
      await reachesState(node, place, 'FROZEN');
      const checkpoint = await expectCaptured('found-frozen', 'heart');
      expect(await containersOf(checkpoint)).toMatchObject([{ name: 'beat', wasFrozen: true }]);
      expect(checkpoint.status?.pods?.[0]?.processes).toBeGreaterThan(0);
      expect(await freezerState(node, place)).toBe('FROZEN');
    } finally {
      await openFreezer(node, place);
    }
    await expectBeats();
    expect(await containersOf(await expectCaptured('found-thawed', 'heart'))).toMatchObject([{ wasFrozen: false }]);
  });

  test('a container that the runtime has paused is captured, and stays paused', async () => {
    const id = containerID(await world.running('heart'), 'beat');
    const ctr = async (verb: string): Promise<number> =>
      (await node.exec(['ctr', '--namespace', 'k8s.io', 'tasks', verb, id])).status;
    try {
      // containerd 2.3 warns on standard error about cgroup v1.
      expect(await ctr('pause')).toBe(0);
      const checkpoint = await expectCaptured('paused', 'heart');
      // The runtime may use either freezer.
      expect(await containersOf(checkpoint)).toMatchObject([{ name: 'beat', wasFrozen: true }]);
      expect(checkpoint.status?.pods?.[0]?.processes).toBeGreaterThan(0);
      expect((await standingStill(node)).length).toBeGreaterThan(0);
    } finally {
      await ctr('resume');
    }
    await expectBeats();
  });

  test('an unwritable folder ends the capture with ArtifactFailed before anything is touched', async () => {
    // The agent is root without capabilities, so a folder of another user is closed to it.
    await node.exec(['chown', '65534', ARTIFACTS]);
    try {
      await world.create('closed', { podName: 'heart' });
      const checkpoint = await expectFailed(
        'closed',
        'ArtifactFailed',
        new RegExp(`${ARTIFACTS} cannot be written to`),
      );
      expect(checkpoint.status?.pods?.[0]?.timings?.pauseMicroseconds ?? 0).toBe(0);
    } finally {
      await node.exec(['chown', '0', ARTIFACTS]);
    }
    await expectCaptured('open', 'heart');
  });

  test('a folder that becomes unwritable ends the capture with ArtifactFailed after the hold, and the tree is in the status', async () => {
    await world.create('closes', { podName: 'heart', hold: { seconds: 2 } });
    await world.reached('closes', 'Holding');
    await node.exec(['chown', '65534', ARTIFACTS]);
    try {
      const checkpoint = await expectFailed(
        'closes',
        'ArtifactFailed',
        /could not store the artifact|cannot be written/,
      );
      const { status } = await captureOf(checkpoint);
      expect(status?.tree?.length).toBeGreaterThan(0);
      expect(status?.artifact).toBeUndefined();
    } finally {
      await node.exec(['chown', '0', ARTIFACTS]);
    }
    await expectBeats();
  });

  test('a container that ended before the agent began ends the capture with CgroupGone', async () => {
    const place = await startPod('brief', [sleeper('once')], { restartPolicy: 'Never' });
    await signal(node, 'node-agent', 'STOP');
    try {
      await world.create('gone', { podName: 'brief' });
      await world.reached('gone', 'Dispatched');
      for (const pid of await pidsIn(node, place)) await node.exec(['kill', '-s', 'KILL', String(pid)]);
      await until('the container to have ended', async () => {
        const pod = await world.getPod('brief');
        return pod?.status?.phase === 'Failed' ? true : undefined;
      });
    } finally {
      await signal(node, 'node-agent', 'CONT');
    }
    const checkpoint = await expectFailed('gone', 'CgroupGone', /once/);
    expect(checkpoint.status?.pods?.[0]?.processes ?? 0).toBe(0);
  });

  test('a Checkpoint that is deleted before the agent began ends as Cancelled', async () => {
    await signal(node, 'node-agent', 'STOP');
    try {
      // A finalizer of another party keeps the Checkpoint, so that its end can be read.
      value(
        await world.api.create(CHECKPOINTS, {
          metadata: { name: 'withdrawn', namespace: world.namespace, finalizers: ['stasis.test/wait'] },
          spec: { podName: 'heart', hold: { seconds: 600 } },
        }),
      );
      await world.reached('withdrawn', 'Dispatched');
      await world.removeCheckpoint('withdrawn');
    } finally {
      await signal(node, 'node-agent', 'CONT');
    }
    const checkpoint = await world.ended('withdrawn');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason: 'Cancelled' });
    value(
      await world.api.mergePatch(CHECKPOINTS, {
        namespace: world.namespace,
        name: 'withdrawn',
        patch: { metadata: { finalizers: null } },
      }),
    );
    await world.expectGone('withdrawn');
    await expectBeats();
  });

  test('read-only freezers end the capture with HostUnfit', async () => {
    const place = await cgroup('heart', 'beat');
    const pods = `/host${place.directory.slice(0, place.directory.indexOf('/kubepods'))}/kubepods`;
    const [agent = 0] = await pidsOf(node, 'node-agent');
    // The command runs in the agent's mount namespace, with a program of the node that needs no C library. The systemd node has its own.
    const has = async (path: string): Promise<boolean> => (await node.exec(['test', '-x', path])).status === 0;
    const own = '/bin/busybox';
    const program = `/proc/1/root${(await has(own)) ? own : realpathSync(join(await programs(), 'bin/busybox'))}`;
    const run = async (...argv: readonly string[]): Promise<void> => {
      const busybox = ['nsenter', '--target', String(agent), '--mount', program];
      expect(await node.exec([...busybox, ...argv])).toMatchObject({ status: 0, stderr: '' });
    };
    // A separate mount is needed: on v1 the guard has the agent's own freezer open for writing, so the original mount
    // cannot be made read-only.
    await run('mount', '--bind', pods, pods);
    try {
      await run('mount', '-o', 'remount,bind,ro', pods);
      await world.create('unfit', { podName: 'heart' });
      await expectFailed('unfit', 'HostUnfit', /EROFS/);
    } finally {
      await run('umount', '-l', pods);
    }
    await expectCaptured('fit', 'heart');
  });

  // On v1 a frozen task shows the state D, like a hanging task. In a cgroup that somebody else freezes, the two cannot
  // be told apart.
  const never = freezer === 'v1' ? 'FreezeTimeout' : 'TaskUninterruptible';
  test(`a task that hangs in the kernel is named by a capture, and leads to ${never} when somebody else freezes its cgroup`, async () => {
    const hang = {
      ...shell('hung', 'mkdir -p /tmp/hang && exec /bin/fuse-hang /tmp/hang read', PROGRAMS),
      securityContext: { privileged: true },
    };
    const place = await startPod('hung', [hang]);
    await until('the file system to hang', async () =>
      (await world.log('hung')).includes('ready') ? true : undefined,
    );
    const capture = await captureOf(await expectCaptured('hangs', 'hung'));
    expect(capture.status?.unfrozen).toMatchObject([{ cause: 'Uninterruptible' }]);
    await closeFreezer(node, place);
    try {
      await world.create('freezing', { podName: 'hung', timeoutSeconds: 1 });
      await expectFailed('freezing', never, /is being frozen by someone else|was found FREEZING/);
      expect(await freezerState(node, place)).toBe('FREEZING');
    } finally {
      await openFreezer(node, place);
    }
  });
});
