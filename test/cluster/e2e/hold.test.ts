import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { heart, lastBeat, longestGap } from './pods.js';
import { CHECKPOINTS } from '../../../src/api/kinds.js';
import { describeOnNodes } from './requirement.js';
import { openWorld, PATIENCE, PODS, succeeded, type World, until, value } from './world.js';

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
    await world.create('three', { podName: 'heart', holdSeconds: 3 * PATIENCE });
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

  test('ends early with success when holdSeconds is lowered', async () => {
    await world.create('early', { podName: 'heart', holdSeconds: LONG });
    await world.reached('early', 'Holding');
    value(await world.patchHold('early', 0));
    const checkpoint = await world.ended('early');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    expect(checkpoint.status?.pods?.[0]?.timings?.holdMicroseconds).toBeLessThan(LONG * 1e6);
    expect(checkpoint.status?.observedGeneration).toBe(2);
    await expectRuns();
  });

  test('cannot be made longer', async () => {
    await world.create('longer', { podName: 'heart', holdSeconds: 2 });
    const refused = await world.patchHold('longer', 3);
    expect(refused.ok ? '' : refused.error.message).toContain('holdSeconds may only be lowered: it is 2, asked 3');
    await world.ended('longer');
  });

  test('ends when the Checkpoint is deleted, and the Checkpoint disappears only when the pod runs', async () => {
    await world.create('deleted', { podName: 'heart', holdSeconds: LONG });
    await world.reached('deleted', 'Holding');
    await world.removeCheckpoint('deleted');
    await world.expectGone('deleted');
    await expectRuns();
    await until('the PodCapture to be gone', async () => ((await world.captures()).length === 0 ? true : undefined));
  });

  test('ends at once when the pod is deleted, and the pod ends within its grace period', async () => {
    await world.create('pod-deleted', { podName: 'heart', holdSeconds: LONG });
    await world.reached('pod-deleted', 'Holding');
    await world.removePod('heart');
    const checkpoint = await world.ended('pod-deleted');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    await world.podGone('heart');
  });

  test('ends at once when the pod is evicted, as a drain does', async () => {
    await world.create('evicted', { podName: 'heart', holdSeconds: LONG });
    await world.reached('evicted', 'Holding');
    value(
      await world.api.raw('POST', `/api/v1/namespaces/${world.namespace}/pods/heart/eviction`, {
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'heart', namespace: world.namespace } },
      }),
    );
    expect(succeeded(await world.ended('evicted'))?.reason).toBe('Captured');
    await world.podGone('heart');
  });

  test('reports its start and its end in Events', async () => {
    await world.create('told', { podName: 'heart', holdSeconds: 1 });
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
    await world.create('orphan', { podName: 'heart', holdSeconds: LONG });
    await world.reached('orphan', 'Holding');
    value(
      await world.api.remove(CHECKPOINTS, { namespace: world.namespace, name: 'orphan', propagationPolicy: 'Orphan' }),
    );
    await expectRuns();
    await world.expectGone('orphan');
  });

  test('ends by itself when the only container of the pod is killed', async () => {
    const pod = value(await world.api.get(PODS, { namespace: world.namespace, name: 'heart' }));
    expect(pod.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    await world.create('exec', { podName: 'heart', holdSeconds: 2 });
    await world.reached('exec', 'Holding');
    expect(succeeded(await world.ended('exec'))?.status).toBe('True');
  });
});
