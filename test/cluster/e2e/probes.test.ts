/** Tests holds of pods with probes: kubelet goes on probing, and a probe does not pass while the pod stands still. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectCutShort, expectRefused } from './endings.js';
import { heart, lastBeat, type Container } from './pods.js';
import { describeOnNodes } from './requirement.js';
import { openWorld, PATIENCE, succeeded, until, type World } from './world.js';

const LONG = 600;
const TIMES = { periodSeconds: 3, failureThreshold: 3, timeoutSeconds: 3 };
/** kubelet restarts the container after three failures in a row: 9 s after the beginning of a hold at the earliest. */
const LIVENESS = { httpGet: { port: 8080 }, ...TIMES };
/** Declared, so that a hold of the other container is not refused for a probe that it might answer. */
const PORTS = [{ containerPort: 8080 }];
/** A container with an HTTP server that the probe asks. */
const SERVER = 'mkdir -p /tmp/www && echo well > /tmp/www/index.html && httpd -p 8080 -h /tmp/www';
/** The command takes so long that a hold catches it. One that ends within 50 ms may pass. */
const EXEC = { exec: { command: ['sleep', '0.3'] }, ...TIMES };

describeOnNodes('a hold of a pod with probes', ({ nodeName }) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('probes', nodeName);
  });
  afterAll(async () => await world.close());
  afterEach(async () => {
    for (const { metadata } of await world.checkpoints()) {
      await world.removeCheckpoint(metadata.name);
      await world.expectGone(metadata.name);
    }
    await world.removePod('probed');
    await world.podGone('probed');
  });

  const start = async (probes: Partial<Container>): Promise<void> => {
    await world.createPod('probed', [heart('calm'), heart('watched', probes, SERVER)], {
      terminationGracePeriodSeconds: 1,
    });
    await world.running('probed');
  };
  const restarts = async (): Promise<number> =>
    (await world.getPod('probed'))?.status?.containerStatuses?.find(({ name }) => name === 'watched')?.restartCount ??
    -1;

  test('is refused when a liveness probe would not survive it, with the container and the seconds', async () => {
    await start({ livenessProbe: LIVENESS, ports: PORTS });
    await world.create('refused', { podName: 'probed', hold: { seconds: LONG } });
    const checkpoint = await expectRefused(world, 'refused', 'ProbeWouldKill', /watched/);
    const message = succeeded(checkpoint)?.message ?? '';
    expect(message).toContain('after 9 s, and the hold is 600 s');
    expect(message).toContain('despiteProbes');
    // What lasts shorter, and what holds other containers alone, is not refused.
    await world.create('short', { podName: 'probed', hold: { seconds: 1 } });
    expect(succeeded(await world.ended('short'))?.reason).toBe('Captured');
    await world.create('other', { podName: 'probed', containers: ['calm'], hold: { seconds: 12 } });
    expect(succeeded(await world.ended('other'))?.reason).toBe('Captured');
    expect(await restarts()).toBe(0);
  });

  test('is refused when a container that runs on has a probe that a held container may answer', async () => {
    await start({ livenessProbe: LIVENESS });
    await world.create('other', { podName: 'probed', containers: ['calm'], hold: { seconds: LONG } });
    await expectRefused(
      world,
      'other',
      'ProbeWouldKill',
      /watched \(its port 8080 may be answered by a held container\)/,
    );
  });

  test('is held despite the probe when that is asked for, and the restart ends it as ContainerEnded', async () => {
    await start({ livenessProbe: LIVENESS });
    await world.create('despite', { podName: 'probed', hold: { seconds: LONG, despiteProbes: true } });
    await world.reached('despite', 'Holding');
    await expectCutShort(world, 'despite', 'ContainerEnded', LONG);
    await until('the container to be restarted', async () => ((await restarts()) > 0 ? true : undefined));
    await world.running('probed');
  });

  test('is not refused for a readiness probe: the pod is only taken out of service', async () => {
    await start({ readinessProbe: LIVENESS } as Partial<Container>);
    await world.create('unready', { podName: 'probed', hold: { seconds: LONG } });
    await world.reached('unready', 'Holding');
    await until('the pod to be unready', async () => {
      const statuses = (await world.getPod('probed'))?.status?.containerStatuses ?? [];
      return statuses.some(({ name, ready }) => name === 'watched' && !ready) ? true : undefined;
    });
    await world.release('unready');
    expect(succeeded(await world.ended('unready'))?.reason).toBe('Captured');
    await world.running('probed');
    expect(await restarts()).toBe(0);
  });

  test('has its exec probes caught as joined processes, which end after the hold', async () => {
    const patient = { ...EXEC, failureThreshold: 600 };
    await start({ livenessProbe: patient });
    await world.hold('caught', 'probed', LONG);
    await sleep(6000 * PATIENCE);
    await world.release('caught');
    const checkpoint = await world.ended('caught');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    const [capture] = await world.captures(checkpoint);
    expect(capture?.status?.joined).toBeGreaterThan(0);
    const before = lastBeat(await world.log('probed', 'watched'));
    await until('the container to go on', async () =>
      lastBeat(await world.log('probed', 'watched')) > before ? true : undefined,
    );
    expect(await restarts()).toBe(0);
  });
});
