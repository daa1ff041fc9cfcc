import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectCutShort } from './endings.js';
import { heart, lastBeat, longestGap } from './pods.js';
import { CHECKPOINTS, PODCAPTURES } from '../../../src/api/kinds.js';
import { describeOnNodes } from './requirement.js';
import { condition, openWorld, PATIENCE, succeeded, type World, until, value } from './world.js';

const LONG = 600;

describeOnNodes('a hold', ({ nodeName }) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('hold', nodeName);
  });
  afterAll(async () => await world.close());
  beforeEach(async () => {
    await world.createPod('heart', [heart('beat')]);
    await world.running('heart');
  });
  afterEach(async () => {
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
    if ((await world.getPod('heart')) !== undefined) await world.removePod('heart');
    await world.podGone('heart');
  });

  /** Throws unless the pod stands still for a second. */
  const expectStill = async (): Promise<void> => {
    const before = lastBeat(await world.log('heart'));
    await sleep(1000);
    expect(lastBeat(await world.log('heart'))).toBe(before);
  };
  const expectRuns = async (): Promise<void> => {
    const before = lastBeat(await world.log('heart'));
    await until('the heart to beat again', async () =>
      lastBeat(await world.log('heart')) > before ? true : undefined,
    );
  };

  test('keeps the pod still for the requested time, and releases it', async () => {
    await world.create('three', { podName: 'heart', hold: { seconds: 3 * PATIENCE } });
    await world.reached('three', 'Holding');
    await expectStill();
    const checkpoint = await world.ended('three');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
    const held = checkpoint.status?.pods?.[0]?.timings?.holdMicroseconds ?? 0;
    expect(held).toBeGreaterThanOrEqual(3_000_000 * PATIENCE);
    await expectRuns();
    const gap = longestGap(await world.log('heart'));
    expect(gap).toBeGreaterThan(2.9 * PATIENCE);
    expect(gap * 1e6).toBeLessThan(
      (checkpoint.status?.pods?.[0]?.timings?.pauseMicroseconds ?? 0) + 1_000_000 * PATIENCE,
    );
  });

  test('ends early with success when its author asks for the release', async () => {
    await world.create('early', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('early', 'Holding');
    await world.release('early');
    const checkpoint = await world.ended('early');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
    expect(condition(checkpoint, 'Held')).toMatchObject({ status: 'False', reason: 'ReleaseRequested' });
    expect(checkpoint.status?.pods?.[0]?.timings?.holdMicroseconds).toBeLessThan(LONG * 1e6);
    expect(checkpoint.status?.observedGeneration).toBe(2);
    await expectRuns();
    // The first manifest again: nothing is taken back, and nobody holds the pod anew.
    const again = value(await world.patch('early', { spec: { hold: { seconds: LONG, release: false } } }));
    await until('the change to be seen', async () => {
      const now = await world.getCheckpoint('early');
      return now?.status?.observedGeneration === again.metadata.generation ? true : undefined;
    });
    expect(await world.captures(checkpoint)).toHaveLength(1);
    await expectRuns();
  });

  test('cannot be made longer', async () => {
    await world.create('longer', { podName: 'heart', hold: { seconds: 2 } });
    const refused = await world.patch('longer', { spec: { hold: { seconds: 3 } } });
    expect(refused.ok ? '' : refused.error.message).toContain('hold.seconds cannot be changed; set hold.release');
    await world.ended('longer');
  });

  test('ends when the Checkpoint is deleted, and the Checkpoint disappears only when the pod runs', async () => {
    await world.create('deleted', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('deleted', 'Holding');
    await world.removeCheckpoint('deleted');
    await world.expectGone('deleted');
    await expectRuns();
    await until('the PodCapture to be gone', async () => ((await world.captures()).length === 0 ? true : undefined));
  });

  test('ends at once when the pod is deleted, and the pod ends within its grace period', async () => {
    await world.create('pod-deleted', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('pod-deleted', 'Holding');
    await world.removePod('heart');
    await expectCutShort(world, 'pod-deleted', 'PodTerminating', LONG);
    await world.podGone('heart');
  });

  test('ends at once when the pod is evicted, as a drain does', async () => {
    await world.create('evicted', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('evicted', 'Holding');
    value(
      await world.api.raw('POST', `/api/v1/namespaces/${world.namespace}/pods/heart/eviction`, {
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'heart', namespace: world.namespace } },
      }),
    );
    await expectCutShort(world, 'evicted', 'PodTerminating', LONG);
    await world.podGone('heart');
  });

  test('ends as Cancelled when its PodCapture is deleted, and the Checkpoint says so', async () => {
    const holding = await world.hold('taken', 'heart', LONG);
    const name = holding.status?.pods?.[0]?.captureName ?? '';
    value(await world.api.remove(PODCAPTURES, { namespace: world.namespace, name }));
    const checkpoint = await world.ended('taken');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason: 'Cancelled' });
    expect(condition(checkpoint, 'Held')).toMatchObject({ status: 'False', reason: 'Cancelled' });
    expect(await world.warned('taken', 'Cancelled')).not.toBe('');
    await expectRuns();
  });

  test('reports its start and its end in Events', async () => {
    await world.create('told', { podName: 'heart', hold: { seconds: 1 } });
    await world.ended('told');
    const reasons = await until('four events', async () => {
      const events = (await world.events()).filter(
        ({ regarding, note }) => regarding.name === 'told' || note.includes('told'),
      );
      return events.length >= 4 ? events.map(({ reason, regarding }) => `${regarding.kind} ${reason}`) : undefined;
    });
    expect(reasons.toSorted()).toEqual(['Checkpoint Captured', 'Checkpoint Holding', 'Pod Captured', 'Pod Holding']);
  });

  test('ends when the PodCapture is orphaned from its Checkpoint', async () => {
    await world.create('orphan', { podName: 'heart', hold: { seconds: LONG } });
    await world.reached('orphan', 'Holding');
    value(
      await world.api.remove(CHECKPOINTS, { namespace: world.namespace, name: 'orphan', propagationPolicy: 'Orphan' }),
    );
    await expectRuns();
    await world.expectGone('orphan');
  });

  test('says while it lasts until when the pod is held, and afterwards from when to when it was', async () => {
    const asked = 5 * PATIENCE;
    const holding = await world.hold('timed', 'heart', asked);
    const { holdUntil = '', heldFrom = '', heldUntil } = holding.status ?? {};
    expect(heldUntil).toBeUndefined();
    for (const time of [holdUntil, heldFrom]) expect(time).toMatch(/T[0-9:]{8}\.\d{6}Z$/);
    const planned = Date.parse(holdUntil) - Date.parse(heldFrom);
    expect(Math.abs(planned - asked * 1000)).toBeLessThan(1000 * PATIENCE);
    expect(condition(holding, 'Held')).toMatchObject({ status: 'True', reason: 'Holding' });
    expect(condition(holding, 'Finished')?.status).toBe('False');
    expect(condition(holding, 'Reconciling')?.status).toBe('True');
    expect(holding.status?.pods).toMatchObject([{ podName: 'heart', state: 'Holding', reason: 'Holding' }]);
    expect(await world.cells('checkpoints', 'timed')).toMatchObject({ State: 'Holding', 'Hold-Until': holdUntil });

    const checkpoint = await world.ended('timed');
    expect(condition(checkpoint, 'Held')).toMatchObject({ status: 'False', reason: 'HoldElapsed' });
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
    const { status } = checkpoint;
    expect(status?.holdUntil).toBeUndefined();
    expect(status?.heldFrom).toBe(heldFrom);
    const held = Date.parse(status?.heldUntil ?? '') - Date.parse(heldFrom);
    expect(held).toBeGreaterThanOrEqual(asked * 1000 - 2);
    expect(held).toBeLessThan(asked * 1000 + 5000 * PATIENCE);
    expect(status?.pods).toMatchObject([{ state: 'Succeeded', reason: 'Captured' }]);
    expect(await world.cells('checkpoints', 'timed')).toMatchObject({ State: 'Captured', 'Hold-Until': null });
  });
});
