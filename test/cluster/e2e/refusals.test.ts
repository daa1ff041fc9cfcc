import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectRefused } from './endings.js';
import { heart, sleeper, type Pod } from './pods.js';
import { describeOnNodes } from './requirement.js';
import { openWorld, PODS, succeeded, until, value, type World } from './world.js';
import { CHECKPOINTS } from '../../../src/api/kinds.js';

describeOnNodes('a Checkpoint that cannot work ends with the reason', ({ nodeName }) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('refusals', nodeName);
    await world.createPod('web', [sleeper('server')]);
    await world.running('web');
  });
  afterAll(async () => await world.close());

  test('PodNotFound', async () => {
    await world.create('not-found', { podName: 'nobody' });
    await expectRefused(world, 'not-found', 'PodNotFound', /nobody/);
  });

  test('PodNotRunning when the pod waits for a node', async () => {
    await world.createPod('waiting', [sleeper('server')], {
      nodeName: '',
      nodeSelector: { 'stasis.dev/no-such-node': 'true' },
    });
    await world.create('not-running', { podName: 'waiting' });
    await expectRefused(world, 'not-running', 'PodNotRunning', /waiting.*Pending/);
  });

  test('PodTerminating when the pod is being deleted', async () => {
    await world.createPod('leaving', [heart('server')], { terminationGracePeriodSeconds: 30 });
    await world.running('leaving');
    await world.api.mergePatch(PODS, {
      namespace: world.namespace,
      name: 'leaving',
      patch: { metadata: { finalizers: ['stasis.dev/test'] } },
    });
    await world.removePod('leaving');
    await world.create('terminating', { podName: 'leaving' });
    await expectRefused(world, 'terminating', 'PodTerminating', /leaving/);
  });

  test('ContainerNotFound, with the names of the existing containers', async () => {
    await world.create('no-container', { podName: 'web', containers: ['sever'] });
    await expectRefused(world, 'no-container', 'ContainerNotFound', /sever.*server/);
  });

  test('ContainerNotRunning', async () => {
    await world.createPod('half', [sleeper('up'), { ...sleeper('down'), command: ['sh', '-c', 'exit 0'] }], {
      restartPolicy: 'Never',
    });
    await until('one container to have ended', async () => {
      const statuses = (await world.getPod('half'))?.status?.containerStatuses as
        { name: string; ready: boolean; state?: { terminated?: object } }[] | undefined;
      const up = statuses?.find(({ name }) => name === 'up')?.ready === true;
      return up && statuses?.some(({ state }) => state?.terminated !== undefined) ? true : undefined;
    });
    await world.create('not-up', { podName: 'half', containers: ['down'] });
    await expectRefused(world, 'not-up', 'ContainerNotRunning', /down/);
    // The positive control: the other container of the same pod.
    await world.create('up', { podName: 'half', containers: ['up'] });
    expect(succeeded(await world.ended('up'))?.reason).toBe('Captured');
  });

  test('HostLevelPod', async () => {
    await world.createPod('host', [sleeper('server')], { hostPID: true });
    await world.running('host');
    await world.create('host-level', { podName: 'host' });
    await expectRefused(world, 'host-level', 'HostLevelPod', /hostPID/);
  });

  test('StasisPod for the controller and for an agent', async () => {
    const own = value(await world.api.list(PODS, { labelSelector: 'app.kubernetes.io/name=stasis' })).items;
    const kinds = new Map(own.map((pod: Pod) => [pod.metadata.labels?.['app.kubernetes.io/component'], pod]));
    expect(kinds.size).toBeGreaterThanOrEqual(2);
    for (const pod of kinds.values()) {
      const namespace = pod.metadata.namespace ?? '';
      const name = `own-${pod.metadata.uid.slice(0, 8)}`;
      value(
        await world.api.create(CHECKPOINTS, {
          metadata: { name, namespace },
          spec: { podName: pod.metadata.name },
        }),
      );
      const reason = await until('its end', async () => {
        const checkpoint = value(await world.api.get(CHECKPOINTS, { namespace, name }));
        const end = succeeded(checkpoint);
        return end === undefined || end.status === 'Unknown' ? undefined : end.reason;
      });
      expect(reason).toBe('StasisPod');
      value(await world.api.remove(CHECKPOINTS, { namespace, name }));
    }
  });

  test('is refused at `kubectl apply` in an excluded namespace', async () => {
    const metadata = { name: `excluded-${world.namespace}`, namespace: 'kube-system' };
    const made = await world.api.create(CHECKPOINTS, { metadata, spec: { podName: 'any' } });
    expect(made).toMatchObject({ ok: false, error: { code: 403 } });
    expect(made.ok ? '' : made.error.message).toMatch(/kube-system.* never captured/);
  });

  test('RestoredFromBackup, for nobody asks for a hold by restoring a backup', async () => {
    const labels = { 'velero.io/restore-name': 'nightly-20260101' };
    await world.create('restored', { podName: 'web' }, { labels });
    await expectRefused(world, 'restored', 'RestoredFromBackup', /nightly-20260101|backup/);
  });

  test('PodReplaced when another pod took the name while the Checkpoint waited', async () => {
    await world.createPod('twin', [heart('server')]);
    await world.running('twin');
    await world.create('first', { podName: 'twin', hold: { seconds: 600 } });
    await world.reached('first', 'Holding');
    await world.create('second', { podName: 'twin' });
    await world.reached('second', 'PodBusy');
    await world.removePod('twin');
    await world.podGone('twin');
    const checkpoint = await world.ended('second');
    expect(['PodReplaced', 'PodTerminating', 'PodNotFound']).toContain(succeeded(checkpoint)?.reason);
    expect(await world.captures(checkpoint)).toEqual([]);
  });

  test('PauseBudgetExceeded, with everything rolled back', async () => {
    await world.createPod('big', [
      { ...heart('many'), command: ['sh', '-c', 'for i in $(seq 400); do sleep 3600 & done; echo started; wait'] },
    ]);
    await world.running('big');
    await until('400 processes', async () => ((await world.log('big')).includes('started') ? true : undefined));
    await world.create('budget', { podName: 'big', maxPauseMilliseconds: 1 });
    const checkpoint = await world.ended('budget');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason: 'PauseBudgetExceeded' });
    const [capture] = await world.captures(checkpoint);
    expect(capture?.status?.conditions?.find(({ type }) => type === 'Released')?.status).toBe('True');
  });
});
