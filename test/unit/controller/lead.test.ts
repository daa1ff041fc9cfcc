/** Tests the whole leader with many holds, on a clock that the test moves. */
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHECKPOINTS } from '../../../src/api/kinds.js';
import { createController, leaderTimings } from '../../../src/controller/controller.js';
import { PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import { silentLogger } from '../../fake/silent-logger.js';
import { ManualClock } from '../kube/fixtures.js';
import { SETTINGS } from './builders.js';
import { ClosableWatches, heartbeats, heldCluster } from './held-cluster.js';

test('lead() ends a hold within 1 s of its release with 500 holds, whichever watch has just broken', async () => {
  const clock = new ManualClock();
  const model = heldCluster(500, clock);
  const closable = new ClosableWatches(model);
  const registry = new Registry();
  const controller = createController({
    api: { ...model.api(), ...closable.api() },
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
  stop.abort();
  await clock.advance(10_000);
  expect(await done).toBe('stopped');
}, 60_000);
