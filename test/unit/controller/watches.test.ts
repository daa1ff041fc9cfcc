import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHECKPOINTS, heartbeatLeaseName } from '../../../src/api/kinds.js';
import { AgentCensus } from '../../../src/controller/agent-census.js';
import { createCaches } from '../../../src/controller/caches.js';
import { PODS } from '../../../src/controller/resources.js';
import { startWatches, type WatchesOptions } from '../../../src/controller/watches.js';
import { systemClock, type Clock } from '../../../src/kube/clock.js';
import { connect } from '../../../src/kube/connect.js';
import { LEASES } from '../../../src/kube/lease.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import { microTime } from '../../../src/kube/micro-time.js';
import { FakeApiServer } from '../../fake/api-server.js';
import { serveModel } from '../../fake/kube-server.js';
import { ManualClock, until } from '../kube/fixtures.js';
import { silentLogger } from '../../fake/silent-logger.js';
import { ClosableWatches, heldCluster, renewing } from './held-cluster.js';

const SYSTEM = 'stasis-system';
const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

function start(api: WatchesOptions['api'], clock: Clock) {
  const stop = new AbortController();
  cleanUps.push(() => stop.abort());
  const woken: string[] = [];
  const caches = createCaches();
  const started = startWatches(
    {
      api,
      namespace: SYSTEM,
      caches,
      census: new AgentCensus(clock),
      agentDaemonSet: 'stasis-node-agent',
      renewEvery: 2_000,
      clock,
      random: () => 0.5,
      log: silentLogger(),
      kubeMetrics: kubeMetrics(new Registry()),
      onReflector: () => undefined,
      wake: (keys) => woken.push(...keys),
    },
    stop.signal,
  );
  return { started, woken, caches };
}

describe('startWatches()', () => {
  test('passes an early release on within 1 s with 500 holds, whichever watch has just closed', async () => {
    const clock = new ManualClock();
    const model = heldCluster(500, clock);
    const closable = new ClosableWatches(model);
    const { started, woken } = start(closable.api(), clock);
    await clock.advance(0);
    await started;
    const names = ['checkpoints', 'podcaptures', 'nodes', 'stasis-system/leases', 'team-7/pods', 'stasis-system/pods'];
    for (const [index, name] of names.entries()) {
      for (const how of ['is ended by the server', 'breaks'] as const) {
        await renewing(model, clock, 62);
        woken.length = 0;
        closable.close(name, how);
        await clock.advance(0);
        const namespace = `team-${100 + index}`;
        const patch = { spec: { hold: { release: how === 'breaks' } } };
        await model.api().mergePatch(CHECKPOINTS, { namespace, name: 'look', patch });
        await clock.advance(1_000);
        expect([name, how, woken.includes(`${namespace}/look`)]).toEqual([name, how, true]);
      }
    }
  }, 60_000);

  test('notices within about 10 s that the watch of the Leases is dead, and loses no sight by that', async () => {
    const clock = new ManualClock();
    const model = heldCluster(1, clock);
    const closable = new ClosableWatches(model);
    const { started, woken } = start(closable.api(), clock);
    await clock.advance(0);
    const { agents, tick } = await started;
    await renewing(model, clock, 60);
    const renew = (): void => {
      const spec = { holderIdentity: 'agent', leaseDurationSeconds: 40, renewTime: microTime(clock.wall()) };
      model.put(LEASES, { metadata: { namespace: SYSTEM, name: heartbeatLeaseName('node-0'), uid: 'u' }, spec });
    };
    renew();
    await clock.advance(0);
    expect(agents.stateOf('node-0')).toBe('Alive');
    closable.close('stasis-system/leases', 'goes silent');
    woken.length = 0;
    const from = clock.monotonic();
    await renewing(model, clock, 8);
    renew();
    for (let second = 0; second < 4; second += 1) {
      await clock.advance(1_000);
      tick();
      expect(agents.stateOf('node-0')).toBe('Alive');
    }
    expect(clock.monotonic() - from).toBe(12_000);
    await renewing(model, clock, 36);
    expect(agents.stateOf('node-0')).toBe('Alive');
    expect(woken).toEqual([]);
  });

  test('wakes the Checkpoint of a held pod that is deleted, and the Checkpoints of a node whose agent is lost', async () => {
    const clock = new ManualClock();
    const model = heldCluster(3, clock);
    const { started, woken } = start(model.api(), clock);
    await clock.advance(0);
    const { tick } = await started;
    await clock.advance(0);
    woken.length = 0;
    model.drop(PODS, 'team-1', 'web');
    await clock.advance(0);
    expect(woken).toEqual(['team-1/look']);
    woken.length = 0;
    for (let second = 0; second < 44; second += 2) {
      await renewing(model, clock, 2);
      tick();
    }
    await clock.advance(0);
    expect(woken.toSorted()).toEqual(['team-0/look', 'team-1/look', 'team-2/look']);
  });

  test('opens each main watch again at once with 200 holds in 200 namespaces, over real connections', async () => {
    const clock = systemClock();
    const model = heldCluster(200, clock);
    const { handler, watches } = serveModel(model);
    const server = await FakeApiServer.start(handler);
    cleanUps.push(() => server.close());
    const api = await connect({ kubeconfig: server.kubeconfig(), userAgent: 'tester/1' });
    cleanUps.push(() => api.close());
    const { started } = start(api, clock);
    await started;
    // Leases, Checkpoints, PodCaptures, nodes, the agents' pods and their DaemonSet, and the pods of 200 namespaces.
    await until('all watches are open', () => watches.size === 206, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const plural of ['leases', 'checkpoints', 'podcaptures']) {
      for (const how of ['end', 'cut'] as const) {
        const [watch] = [...watches].filter((each) => each.plural === plural);
        const before = server.requests.length;
        watch?.[how]();
        await until(`${plural} is watched again`, () => server.requests.length > before, 2_000);
        const again = server.requests
          .slice(before)
          .map(({ path, query }) => [path.split('/').at(-1), query.get('watch')]);
        expect(again).toEqual([[plural, 'true']]);
        await until(`the watch of ${plural} is open`, () => watches.size === 206);
      }
    }
  }, 60_000);
});
