import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { heart, sleeper } from './pods.js';
import { describeOnCluster } from './requirement.js';
import { openWorld, succeeded, type World } from './world.js';

const PODS = Number(process.env['STASIS_TEST_MANY_PODS'] ?? '20');
const EACH = 3;

describeOnCluster('many Checkpoints at once', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('many');
    const names = Array.from({ length: PODS }, (_, index) => `pod-${index}`);
    await Promise.all(names.map(async (name) => await world.createPod(name, [heart('heart'), sleeper('other')])));
    for (const name of names) await world.running(name);
  });
  afterAll(async () => await world.close());

  test('end exactly once each, run one at a time per pod, and leave every pod running', async () => {
    const jobs = Array.from({ length: PODS * EACH }, (_, index) => ({
      name: `run-${index}`,
      podName: `pod-${index % PODS}`,
    }));
    await Promise.all(jobs.map(async ({ name, podName }) => await world.create(name, { podName })));
    const ended = await Promise.all(jobs.map(async ({ name }) => await world.ended(name)));
    const others = ended.filter((checkpoint) => succeeded(checkpoint)?.reason !== 'Captured');
    expect(others.map(({ status }) => status)).toEqual([]);

    const captures = await world.captures();
    expect(captures).toHaveLength(jobs.length);
    for (let pod = 0; pod < PODS; pod++) {
      const windows = captures
        .filter(({ spec }) => spec.podName === `pod-${pod}`)
        .map(({ status }) => ({
          start: Date.parse(status?.startTime ?? ''),
          end: Date.parse(status?.completionTime ?? ''),
        }))
        .toSorted((a, b) => a.start - b.start);
      expect(windows).toHaveLength(EACH);
      windows.slice(1).forEach(({ start }, index) => expect(start).toBeGreaterThanOrEqual(windows[index]?.end ?? 0));
    }
    for (let pod = 0; pod < PODS; pod++) {
      const now = await world.getPod(`pod-${pod}`);
      expect(now?.status?.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 0]);
    }
  });
});
