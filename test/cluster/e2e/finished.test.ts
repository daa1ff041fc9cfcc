/** Tests what tools see that wait for a Checkpoint to finish, whatever came of it, and how its PodCapture is found. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Checkpoint } from '../../../src/api/kinds.js';
import type { Cluster } from '../harness/cluster.js';
import { testCluster } from './node-view.js';
import { heart } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { kubectl } from './settings.js';
import { condition, openWorld, succeeded, until, value, type World } from './world.js';

describeOnHarness('a Checkpoint that has ended', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('finished');
    await world.createPod('web', [heart('server')]);
    await world.running('web');
  });
  afterAll(async () => await world.close());

  const finished = async (name: string): Promise<string> =>
    await kubectl(cluster, [
      'wait',
      '--for=condition=Finished',
      '--timeout=30s',
      `checkpoint/${name}`,
      '-n',
      world.namespace,
    ]);
  /** Expects that every condition is about the generation of the spec, so that `kubectl wait` takes it for current. */
  const expectCurrent = async (name: string): Promise<Checkpoint> => {
    const checkpoint = await until(
      `the status of ${name} to be current`,
      async () => {
        const now = await world.getCheckpoint(name);
        return now?.status?.observedGeneration === now?.metadata.generation ? now : undefined;
      },
      async () => JSON.stringify((await world.getCheckpoint(name))?.status),
    );
    const { generation } = checkpoint.metadata;
    const stale = checkpoint.status?.conditions?.filter((one) => one.observedGeneration !== generation);
    expect(stale).toEqual([]);
    return checkpoint;
  };

  test.each([
    ['success', 'web', 'True', 'Captured'],
    ['failure', 'no-such-pod', 'False', 'PodNotFound'],
  ])(
    'kubectl wait returns after a %s, also when the spec was changed afterwards',
    async (name, podName, status, reason) => {
      await world.create(name, { podName });
      expect(await finished(name)).toContain('condition met');
      expect(succeeded(await world.getCheckpoint(name))).toMatchObject({ status, reason });
      for (const ttlSecondsAfterFinished of [3000, 3600]) {
        value(await world.patch(name, { spec: { ttlSecondsAfterFinished } }));
        expect(await finished(name)).toContain('condition met');
        const checkpoint = await expectCurrent(name);
        expect(succeeded(checkpoint)).toMatchObject({ status, reason });
        expect(condition(checkpoint, 'Finished')).toMatchObject({ status: 'True', reason });
        expect(condition(checkpoint, 'Reconciling')?.status).toBe('False');
        expect(condition(checkpoint, 'Stalled')?.status ?? 'False').toBe(status === 'True' ? 'False' : 'True');
      }
      expect(await world.captures(await world.getCheckpoint(name))).toHaveLength(status === 'True' ? 1 : 0);
    },
  );

  test('kubectl wait returns after a hold whose spec was changed in its last moments and after its end', async () => {
    await world.hold('late', 'web', 600);
    await world.release('late');
    value(await world.patch('late', { spec: { ttlSecondsAfterFinished: 3600 } }));
    expect(await finished('late')).toContain('condition met');
    // The release can be taken out of the spec only now that it is carried out.
    value(await world.patch('late', { spec: { hold: { release: false } } }));
    expect(await finished('late')).toContain('condition met');
    const checkpoint = await expectCurrent('late');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
    expect(condition(checkpoint, 'Held')).toMatchObject({ status: 'False', reason: 'ReleaseRequested' });
  });

  test('a release before the hold begins is obeyed: the pod is read and not held', async () => {
    await world.create('at-once', { podName: 'web', hold: { seconds: 600, release: true } });
    const checkpoint = await world.ended('at-once');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
    expect(condition(checkpoint, 'Held')).toMatchObject({ status: 'False', reason: 'ReleaseRequested' });
    expect(checkpoint.status?.pods?.[0]?.timings?.holdMicroseconds ?? 0).toBeLessThan(5e6);
  });

  test('a dry run with a hold does not hold, and has no condition Held', async () => {
    await world.create('dry', { podName: 'web', dryRun: true, hold: { seconds: 600 } });
    const checkpoint = await world.ended('dry');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'DryRunPassed' });
    expect(condition(checkpoint, 'Held')).toBeUndefined();
    expect(condition(checkpoint, 'Released')).toMatchObject({ status: 'True', reason: 'NothingTouched' });
  });

  test('its PodCapture is found by labels and by field selectors', async () => {
    const long = `long-${'x'.repeat(80)}`;
    for (const name of ['labelled', long]) await world.create(name, { podName: 'web' });
    for (const name of ['labelled', long]) await world.ended(name);
    const pod = await world.getPod('web');
    const found = async (...selectors: readonly string[]): Promise<readonly string[]> => {
      const query = ['get', 'podcap', '-n', world.namespace, ...selectors, '-o', 'name'];
      return (await kubectl(cluster, query)).trim().split('\n');
    };
    const [capture] = await world.captures(await world.getCheckpoint('labelled'));
    const wanted = [`podcapture.stasis.dev/${capture?.metadata.name}`];
    const uid = capture?.metadata.ownerReferences?.[0]?.uid;
    expect(capture?.metadata.labels).toMatchObject({
      'stasis.dev/checkpoint': 'labelled',
      'stasis.dev/checkpoint-uid': uid,
      'stasis.dev/pod': 'web',
    });
    expect(await found('-l', 'stasis.dev/checkpoint=labelled')).toEqual(wanted);
    expect(await found('-l', `stasis.dev/pod=web,stasis.dev/checkpoint-uid=${uid}`)).toEqual(wanted);
    const all = (await world.captures()).map(({ metadata }) => `podcapture.stasis.dev/${metadata.name}`).toSorted();
    for (const selector of [
      'spec.podName=web',
      `spec.podUID=${pod?.metadata.uid}`,
      `spec.nodeName=${pod?.spec.nodeName}`,
    ])
      expect((await found('--field-selector', selector)).toSorted()).toEqual(all);
    // A label holds 63 characters, and a name may have 253.
    const [other] = await world.captures(await world.getCheckpoint(long));
    expect(other?.metadata.labels?.['stasis.dev/checkpoint']).toMatch(new RegExp(`^${long.slice(0, 54)}-[0-9a-f]{8}$`));
  });
});
