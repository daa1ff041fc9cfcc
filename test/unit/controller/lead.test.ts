/** Tests the whole leader with many holds, on a clock that the test moves. */
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHECKPOINTS } from '../../../src/api/kinds.js';
import { createController, leaderTimings } from '../../../src/controller/controller.js';
import { PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import type { KubeApi } from '../../../src/kube/api.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import { silentLogger } from '../../fake/silent-logger.js';
import { ManualClock } from '../kube/fixtures.js';
import { checkpointSpec, pod, SETTINGS } from './builders.js';
import { ClosableWatches, heartbeats, heldCluster } from './held-cluster.js';

/** How long each request takes. */
const REQUEST_MILLISECONDS = 10;

/** A leader whose API is `api`, on a clock that the test moves. */
function start(api: KubeApi, clock: ManualClock) {
  const registry = new Registry();
  const controller = createController({
    api,
    leaseApi: api,
    settings: SETTINGS,
    agentDaemonSet: 'stasis-node-agent',
    version: '1.2.3',
    identity: 'one',
    workers: 4,
    timings: leaderTimings(15),
    clock,
    random: () => 0.5,
    log: silentLogger(),
    registry,
    kubeMetrics: kubeMetrics(registry),
  });
  const stop = new AbortController();
  const done = controller.run(stop.signal);
  return async (): Promise<void> => {
    stop.abort();
    await clock.advance(10_000);
    expect(await done).toBe('stopped');
  };
}

test('lead() ends a hold within 1 s of its release with 500 holds, whichever watch has just broken', async () => {
  const clock = new ManualClock();
  const model = heldCluster(500, clock);
  const closable = new ClosableWatches(model);
  const end = start({ ...model.api(), ...closable.api() }, clock);
  const released = () => model.all(PODCAPTURE_RESOURCE).filter(({ spec }) => spec.hold?.releaseReason !== undefined);
  await clock.advance(2_000);
  const names = ['checkpoints', 'podcaptures', 'nodes', 'stasis-system/leases', 'team-7/pods', 'stasis-system/pods'];
  for (const [index, name] of names.entries()) {
    heartbeats(model, clock);
    await clock.advance(10_000);
    expect(released()).toHaveLength(index);
    closable.close(name, 'breaks');
    await clock.advance(0);
    const namespace = `team-${100 + index}`;
    await model
      .api()
      .mergePatch(CHECKPOINTS, { namespace, name: 'look', patch: { spec: { hold: { release: true } } } });
    await clock.advance(1_000);
    expect([name, released().map(({ metadata }) => metadata.namespace)]).toEqual([
      name,
      names.slice(0, index + 1).map((_, earlier) => `team-${100 + earlier}`),
    ]);
  }
  expect(released().map(({ spec }) => spec.hold?.releaseReason)).toEqual(names.map(() => 'ReleaseRequested'));
  await end();
}, 60_000);

test.each([
  ['of one pod', () => 'web'],
  ['of as many pods', (i: number) => `web-${i}`],
])(
  'lead() dispatches a Checkpoint at once while thousands of Checkpoints %s wait elsewhere',
  async (_, podName) => {
    const clock = new ManualClock();
    const model = heldCluster(2, clock);
    for (let i = 0; i < 3_000; i += 1) {
      const metadata = { namespace: 'team-0', name: `more-${i}`, uid: `more-${i}` };
      model.put(CHECKPOINTS, { metadata, spec: checkpointSpec(podName(i)) });
    }
    const api = model.api();
    const slow: Pick<KubeApi, 'get' | 'apply' | 'mergePatch'> = {
      get: async (...request) => {
        await clock.sleep(REQUEST_MILLISECONDS);
        return await api.get(...request);
      },
      apply: async (...request) => {
        await clock.sleep(REQUEST_MILLISECONDS);
        return await api.apply(...request);
      },
      mergePatch: async (...request) => {
        await clock.sleep(REQUEST_MILLISECONDS);
        return await api.mergePatch(...request);
      },
    };
    const end = start({ ...api, ...slow }, clock);
    await clock.advance(200);
    model.put(PODS, pod({ metadata: { namespace: 'other', name: 'web', uid: 'pod-other' } }));
    await api.create(CHECKPOINTS, { metadata: { namespace: 'other', name: 'look' }, spec: checkpointSpec('web') });
    const asked = clock.monotonic();
    const made = () => model.all(PODCAPTURE_RESOURCE).some(({ metadata }) => metadata.namespace === 'other');
    while (!made() && clock.monotonic() < asked + 1_000) await clock.advance(REQUEST_MILLISECONDS);
    expect(made()).toBe(true);
    expect(clock.monotonic() - asked).toBeLessThanOrEqual(100);
    await end();
  },
  60_000,
);
