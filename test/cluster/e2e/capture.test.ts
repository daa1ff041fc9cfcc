import { afterAll, beforeAll, expect, test } from '@jest/globals';

import type { Checkpoint, PodCapture } from '../../../src/api/kinds.js';
import { heart, shell, sleeper, longestGap } from './pods.js';
import { describeOnNodes } from './requirement.js';
import { condition, openWorld, PATIENCE, succeeded, until, type World } from './world.js';

describeOnNodes('a Checkpoint', ({ nodeName, freezer: expected }) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('capture', nodeName);
    await world.createPod('web', [heart('server'), sleeper('helper')], {
      initContainers: [shell('prepare', 'true'), sleeper('sidecar', { restartPolicy: 'Always' })],
    });
    await world.running('web');
  });
  afterAll(async () => await world.close());

  test('captures every running container of a pod, and no ended container', async () => {
    const made = async (attempt = 1): Promise<{ checkpoint: Checkpoint; captures: readonly PodCapture[] }> => {
      await world.create(`all-${attempt}`, { podName: 'web' });
      const checkpoint = await world.ended(`all-${attempt}`);
      const captures = await world.captures(checkpoint);
      const disturbed = captures[0]?.status?.containers?.some(({ freezer }) => freezer === 'None') === true;
      return disturbed && attempt < 3 ? await made(attempt + 1) : { checkpoint, captures };
    };
    const { checkpoint, captures } = await made();
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured', observedGeneration: 1 });
    expect(condition(checkpoint, 'Dispatched')?.status).toBe('True');
    expect(condition(checkpoint, 'Released')).toMatchObject({ status: 'True', reason: 'FreezersRestored' });
    const [capture, ...others] = captures;
    expect(others).toEqual([]);
    expect(capture?.status?.containers?.map(({ name }) => name).toSorted()).toEqual(['helper', 'server', 'sidecar']);
    const tree = capture?.status?.tree ?? [];
    // The child of a shell is a shell until its execve, so only the first process of each container is certain to be
    // one.
    const firsts = tree.filter(({ ppid }) => tree.every(({ pid }) => pid !== ppid));
    expect(firsts.map(({ comm }) => comm)).toEqual(['sh', 'sh', 'sh']);
    expect(tree.map(({ comm }) => comm)).not.toContain('pause');
    // On an emulated machine a freezer may take longer than Auto waits for it, and then the tasks are interrupted. Elsewhere a
    // busy machine may disturb one capture, but not three.
    const freezers = new Set(capture?.status?.containers?.map((container) => container.freezer));
    const allowed =
      expected === undefined ? freezers : new Set([expected.toUpperCase(), ...(PATIENCE > 1 ? ['None'] : [])]);
    expect([...freezers].filter((freezer) => !allowed.has(freezer))).toEqual([]);
    const skew = freezers.has('None') ? 0 : capture?.status?.freezeSkewMicroseconds;
    expect(skew).toBeGreaterThanOrEqual(0);
    expect(capture?.status?.unfrozen ?? []).toEqual([]);
    await until('the finalizer to be removed once the result is copied', async () => {
      const [now] = await world.captures(checkpoint);
      return now?.metadata.finalizers === undefined ? true : undefined;
    });
    const [row] = checkpoint.status?.pods ?? [];
    const pod = await world.getPod('web');
    expect(row).toMatchObject({
      podName: 'web',
      state: 'Succeeded',
      reason: 'Captured',
      podUID: pod?.metadata.uid,
      nodeName: pod?.spec.nodeName,
      captureName: capture?.metadata.name,
      processes: capture?.status?.processes,
      threads: capture?.status?.threads,
      timings: capture?.status?.timings,
    });
    expect(row?.timings?.pauseMicroseconds).toBeGreaterThan(0);
    expect(row?.pause).toMatch(/^\d+(\.\d+)?(us|ms|s)$/);
  });

  test('is printed with its pod, node, state, pause and counts', async () => {
    await world.create('table', { podName: 'web' });
    const checkpoint = await world.ended('table');
    const [row] = checkpoint.status?.pods ?? [];
    expect(Object.entries(await world.cells('checkpoints', 'table'))).toEqual([
      ['Name', 'table'],
      ['Pod', 'web'],
      ['Node', row?.nodeName],
      ['State', 'Captured'],
      ['Pause', row?.pause],
      ['Hold-Until', null],
      ['Processes', row?.processes],
      ['Threads', row?.threads],
      ['Age', expect.any(String)],
    ]);
    const { captureName = '' } = row ?? {};
    expect(await world.cells('podcaptures', captureName)).toMatchObject({ Checkpoint: 'table', Pod: 'web' });
  });

  test('captures exactly the named containers', async () => {
    await world.create('one', { podName: 'web', containers: ['helper'] });
    const [capture] = await world.captures(await world.ended('one'));
    expect(capture?.status?.containers?.map(({ name }) => name)).toEqual(['helper']);
  });

  test('interrupts the tasks one by one with freezer None', async () => {
    await world.create('none', { podName: 'web', freezer: 'None' });
    const checkpoint = await world.ended('none');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    const [capture] = await world.captures(checkpoint);
    expect(new Set(capture?.status?.containers?.map(({ freezer }) => freezer))).toEqual(new Set(['None']));
  });

  test('touches nothing in a dry run', async () => {
    await world.create('dry', { podName: 'web', dryRun: true });
    const checkpoint = await world.ended('dry');
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'DryRunPassed' });
    expect(checkpoint.status?.pods?.[0]?.timings?.pauseMicroseconds).toBe(0);
  });

  test('keeps command lines out of the status, and writes an artifact on the node', async () => {
    await world.create('cmdline', { podName: 'web', include: ['Cmdline'] });
    const [capture] = await world.captures(await world.ended('cmdline'));
    expect(capture?.status?.artifact).toMatchObject({
      path: expect.stringMatching(/^\/.*\.json$/),
      sizeBytes: expect.any(Number),
    });
    expect(JSON.stringify(capture?.status)).not.toContain('usleep 10000');
  });

  test('reports its end in one Event about itself and one about the pod', async () => {
    await world.create('told', { podName: 'web' });
    await world.ended('told');
    const events = await until('the events', async () => {
      const about = (await world.events()).filter(
        ({ note, regarding }) => regarding.name === 'told' || note.includes('told'),
      );
      return about.length >= 2 ? about : undefined;
    });
    expect(events.map(({ regarding }) => regarding.kind).toSorted()).toEqual(['Checkpoint', 'Pod']);
    for (const event of events)
      expect(event).toMatchObject({ type: 'Normal', reason: 'Captured', reportingController: 'stasis.dev/controller' });
  });

  test('is deleted when its time to live is over', async () => {
    await world.create('brief', { podName: 'web', ttlSecondsAfterFinished: 2 });
    await world.ended('brief');
    await world.expectGone('brief');
    await until('its PodCapture to be deleted', async () => {
      const left = (await world.captures()).filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === 'brief');
      return left.length === 0 ? true : undefined;
    });
  });

  test('does not disturb an application with a liveness probe', async () => {
    const probe = { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 5 };
    await world.createPod('probed', [heart('app', { livenessProbe: probe })]);
    await world.running('probed');
    for (const run of ['p1', 'p2', 'p3', 'p4', 'p5']) {
      await world.create(run, { podName: 'probed' });
      expect(succeeded(await world.ended(run))?.reason).toBe('Captured');
    }
    const pod = await world.getPod('probed');
    expect(pod?.status?.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0]);
    expect(longestGap(await world.log('probed'))).toBeLessThan(5);
  });
});
