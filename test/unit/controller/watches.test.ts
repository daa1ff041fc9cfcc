import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHECKPOINTS, heartbeatLeaseName, PODCAPTURES } from '../../../src/api/kinds.js';
import { AgentCensus } from '../../../src/controller/agent-census.js';
import { captureName } from '../../../src/controller/capture-name.js';
import { createCaches } from '../../../src/controller/caches.js';
import { NODES, PODS } from '../../../src/controller/resources.js';
import { startWatches, type WatchesOptions } from '../../../src/controller/watches.js';
import type { KubeApi, ListOptions, WatchEvent } from '../../../src/kube/api.js';
import { systemClock, type Clock } from '../../../src/kube/clock.js';
import { connect } from '../../../src/kube/connect.js';
import { LEASES } from '../../../src/kube/lease.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import { microTime } from '../../../src/kube/micro-time.js';
import { success } from '../../../src/kube/result.js';
import type { KubeObject, Resource } from '../../../src/kube/types.js';
import { FakeApiServer } from '../../fake/api-server.js';
import { KubeModel } from '../../fake/kube-model.js';
import { serveModel } from '../../fake/kube-server.js';
import { ManualClock, until } from '../kube/fixtures.js';
import { silentLogger } from '../../fake/silent-logger.js';

const SYSTEM = 'stasis-system';
const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A cluster in which each of `holds` pods is held, in a namespace of its own, on 200 nodes. */
function cluster(holds: number, clock: Clock): KubeModel {
  const model = new KubeModel(() => clock.wall());
  for (let i = 0; i < 200; i += 1) {
    const name = `node-${i}`;
    model.put(NODES, { metadata: { name } });
    const spec = { holderIdentity: 'agent', leaseDurationSeconds: 40, renewTime: microTime(clock.wall()) };
    model.put(LEASES, { metadata: { namespace: SYSTEM, name: heartbeatLeaseName(name) }, spec });
  }
  for (let i = 0; i < holds; i += 1) {
    const namespace = `team-${i}`;
    const hold = { seconds: 3600 };
    model.put(PODS, { metadata: { namespace, name: 'web' }, spec: { containers: [] } });
    model.put(CHECKPOINTS, { metadata: { namespace, name: 'look', uid: `c-${i}` }, spec: { podName: 'web', hold } });
    const owner = {
      apiVersion: 'stasis.dev/v1alpha1',
      kind: 'Checkpoint',
      name: 'look',
      uid: `c-${i}`,
      controller: true,
    };
    const name = captureName({ name: 'look', uid: `c-${i}` });
    const metadata = { namespace, name, ownerReferences: [owner] };
    model.put(PODCAPTURES, { metadata, spec: { nodeName: `node-${i % 200}`, podName: 'web', hold } });
  }
  return model;
}

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

type How = 'is ended by the server' | 'breaks' | 'goes silent';

/** The API of the model, whose watches a test can close. */
class ClosableWatches {
  readonly lists: { readonly plural: string; readonly options: ListOptions | undefined }[] = [];
  readonly #api: KubeApi;
  readonly #open = new Map<string, ((how: How) => void)[]>();

  constructor(model: KubeModel) {
    this.#api = model.api();
  }

  api(): WatchesOptions['api'] {
    return {
      list: (resource, options) => {
        this.lists.push({ plural: resource.plural, options });
        return this.#api.list(resource, options);
      },
      watch: async <T extends KubeObject>(resource: Resource<T>, options: Parameters<KubeApi['watch']>[1]) => {
        const name = options.namespace === undefined ? resource.plural : `${options.namespace}/${resource.plural}`;
        const own = new AbortController();
        options.signal.addEventListener('abort', () => own.abort());
        let how: How | undefined;
        const close = (given: How): void => {
          how = given;
          own.abort();
        };
        this.#open.set(name, [...(this.#open.get(name) ?? []), close]);
        const opened = await this.#api.watch(resource, { ...options, signal: own.signal });
        if (!opened.ok) return opened;
        async function* events(stream: AsyncIterable<WatchEvent<T>>): AsyncGenerator<WatchEvent<T>> {
          for await (const event of stream) if (how === undefined) yield event;
          const error = { method: 'GET', path: name, reason: 'Unreachable', message: 'cut' };
          if (how === 'breaks') yield { type: 'ERROR', error };
          if (how === 'goes silent' && !options.signal.aborted)
            await new Promise((resolve) => options.signal.addEventListener('abort', resolve));
        }
        return success(events(opened.value));
      },
    };
  }

  close(name: string, how: How): void {
    const closing = this.#open.get(name) ?? [];
    if (closing.length === 0) throw new Error(`no watch ${name}: ${[...this.#open.keys()].slice(0, 9).join(' ')}`);
    this.#open.delete(name);
    for (const close of closing) close(how);
  }
}

async function renewing(model: KubeModel, clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 2) {
    await clock.advance(2_000);
    const spec = { holderIdentity: 'leader', renewTime: microTime(clock.wall()) };
    model.put(LEASES, { metadata: { namespace: SYSTEM, name: 'stasis-controller', uid: 'l' }, spec });
  }
}

describe('startWatches()', () => {
  test('passes an early release on within 1 s with 500 holds, whichever watch has just closed', async () => {
    const clock = new ManualClock();
    const model = cluster(500, clock);
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
    const model = cluster(1, clock);
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

  test('lists PodCaptures 50 at a time, and nodes and pods 100 at a time', async () => {
    const clock = new ManualClock();
    const closable = new ClosableWatches(cluster(1, clock));
    const { started } = start(closable.api(), clock);
    await clock.advance(0);
    await started;
    await clock.advance(0);
    const limits = new Map(closable.lists.map(({ plural, options }) => [plural, options?.limit]));
    expect([limits.get('podcaptures'), limits.get('nodes'), limits.get('pods')]).toEqual([50, 100, 100]);
  });

  test('wakes the Checkpoint of a held pod that is deleted, and the Checkpoints of a node whose agent is lost', async () => {
    const clock = new ManualClock();
    const model = cluster(3, clock);
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
    const model = cluster(200, clock);
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
