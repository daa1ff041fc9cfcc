import { afterEach, describe, expect, test } from '@jest/globals';
import { HoldWatches } from '../../../src/controller/hold-watches.js';
import { NODES, PODS } from '../../../src/controller/resources.js';
import type { PodCapture } from '../../../src/api/kinds.js';
import { KubeModel, type ModelCall } from '../../fake/kube-model.js';
import { ManualClock } from '../kube/fixtures.js';
import { silentLogger } from '../../fake/silent-logger.js';

type Hold = PodCapture['spec']['hold'] | 'none';
const FOR_AN_HOUR: Hold = { seconds: 3600 };

function held(
  namespace: string,
  podName: string,
  nodeName: string,
  hold: Hold = FOR_AN_HOUR,
  ended = false,
): PodCapture {
  const condition = { type: 'Succeeded', status: ended ? 'True' : 'Unknown', reason: 'x', message: '' } as const;
  const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }];
  return {
    metadata: { name: `${podName}-1`, namespace },
    spec: { nodeName, podName, ...(hold === 'none' ? {} : { hold }) },
    status: { conditions },
  } as unknown as PodCapture;
}

const stops: AbortController[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

function setUp() {
  const clock = new ManualClock();
  const model = new KubeModel(() => clock.wall());
  const stop = new AbortController();
  stops.push(stop);
  const calls: ModelCall[] = [];
  const open = new Set<AbortSignal>();
  const api = model.api((call, perform) => {
    calls.push(call);
    return perform();
  });
  const told: string[] = [];
  const watches = new HoldWatches({
    api: {
      list: (resource, options) => api.list(resource, options),
      watch: (resource, options) => {
        open.add(options.signal);
        options.signal.addEventListener('abort', () => open.delete(options.signal));
        return api.watch(resource, options);
      },
    },
    clock,
    random: () => 0.5,
    log: silentLogger(),
    onChange: (key) => told.push(key),
    signal: stop.signal,
  });
  const putPod = (namespace: string, name: string, more: object = {}) =>
    model.put(PODS, { metadata: { namespace, name, uid: `uid-${name}` }, spec: { containers: [] }, ...more });
  return { clock, model, stop, calls, open, told, watches, putPod };
}

function status(restartCount: number, containerID: string) {
  return { status: { phase: 'Running', containerStatuses: [{ name: 'main', containerID, restartCount }] } };
}

describe('HoldWatches', () => {
  test('has one watch per namespace with holds and one of all nodes, and closes the watch of a namespace at its last hold', async () => {
    const { clock, watches, open } = setUp();
    for (const name of ['web-0', 'web-1', 'web-2']) watches.follow(`shop/${name}`, held('shop', name, 'node-1'));
    watches.follow('db/pg', held('db', 'pg', 'node-2'));
    watches.follow('db/none', held('db', 'none', 'node-2', 'none'));
    await clock.advance(0);
    expect([watches.size, open.size]).toEqual([3, 3]);
    watches.follow('db/pg', held('db', 'pg', 'node-2', FOR_AN_HOUR, true));
    watches.follow('shop/web-0', undefined);
    watches.follow('shop/web-1', held('shop', 'web-1', 'node-1', { seconds: 3600, releaseReason: 'NodeDrained' }));
    await clock.advance(0);
    expect([watches.size, open.size]).toEqual([2, 2]);
    watches.follow('shop/web-2', undefined);
    await clock.advance(0);
    expect([watches.size, open.size]).toEqual([1, 1]);
  });

  test('knows pod and node, or their absence, once their lists are there', async () => {
    const { clock, model, watches, told, putPod } = setUp();
    putPod('shop', 'web-0');
    model.put(NODES, { metadata: { name: 'node-1' }, spec: { unschedulable: true, podCIDR: '10.0.0.0/24' } });
    const [capture, other] = [held('shop', 'web-0', 'node-1'), held('shop', 'gone', 'node-2')];
    watches.follow('shop/web-0', capture);
    watches.follow('shop/gone', other);
    expect([watches.podOf(capture), watches.nodeOf(capture)]).toEqual([{ known: false }, { known: false }]);
    await clock.advance(0);
    expect(watches.podOf(capture)).toMatchObject({ known: true, object: { metadata: { uid: 'uid-web-0' } } });
    expect(watches.nodeOf(capture)).toMatchObject({ known: true, object: { spec: { unschedulable: true } } });
    expect(watches.nodeOf(capture)).not.toHaveProperty('object.spec.podCIDR');
    expect([watches.podOf(other), watches.nodeOf(other)]).toEqual([
      { known: true, object: undefined },
      { known: true, object: undefined },
    ]);
    expect(new Set(told)).toEqual(new Set(['shop/web-0', 'shop/gone']));
  });

  test('notes whether a node was schedulable since a hold is followed, and forgets it with the hold', async () => {
    const { clock, model, watches, stop } = setUp();
    const cordon = (name: string, unschedulable: boolean) =>
      model.put(NODES, { metadata: { name, uid: name }, spec: { unschedulable } });
    cordon('node-1', true);
    cordon('node-2', false);
    const captures = [held('shop', 'web-0', 'node-1'), held('shop', 'web-1', 'node-2')];
    const follow = (): void => captures.forEach((capture) => watches.follow(`shop/${capture.metadata.name}`, capture));
    const seen = async (): Promise<boolean[]> => {
      await clock.advance(0);
      return captures.map((capture) => watches.nodeWasSchedulable(capture));
    };
    follow();
    expect(await seen()).toEqual([false, true]);
    cordon('node-2', true);
    expect(await seen()).toEqual([false, true]);
    for (const { metadata } of captures) watches.follow(`shop/${metadata.name}`, undefined);
    // The watch of the nodes stays open, so the next hold begins with what is known.
    follow();
    expect(await seen()).toEqual([false, false]);
    cordon('node-1', false);
    cordon('node-1', true);
    expect(await seen()).toEqual([true, false]);
    watches.follow('shop/web-0-1', undefined);
    cordon('node-1', false);
    await clock.advance(0);
    watches.follow('shop/web-0-1', captures[0]);
    expect(await seen()).toEqual([true, false]);
    stop.abort();
  });

  test('tells only those whose pod or node changed, and only of changes that the rules read', async () => {
    const { clock, model, watches, told, putPod } = setUp();
    for (const name of ['web-0', 'web-1']) putPod('shop', name, status(0, 'a'));
    const node = (more: object) => model.put(NODES, { metadata: { name: 'node-1', uid: 'n' }, ...more });
    node({ status: { conditions: [] } });
    for (const name of ['web-0', 'web-1']) watches.follow(`shop/${name}`, held('shop', name, 'node-1'));
    await clock.advance(0);
    const since = async (): Promise<string[]> => {
      await clock.advance(0);
      return told.splice(0);
    };
    await since();
    putPod('shop', 'web-0', status(1, 'a'));
    putPod('shop', 'stranger', status(1, 'a'));
    node({ status: { conditions: [{ type: 'Ready' }] } });
    expect(await since()).toEqual([]);
    putPod('shop', 'web-0', status(1, 'b'));
    expect(await since()).toEqual(['shop/web-0']);
    node({ spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } });
    expect(await since()).toEqual(['shop/web-0', 'shop/web-1']);
    model.drop(PODS, 'shop', 'web-1');
    expect(await since()).toEqual(['shop/web-1']);
  });

  test('keeps of a pod what the rules of a hold need', async () => {
    const { clock, watches, putPod } = setUp();
    const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
    const container = { name: 'main', containerID: 'containerd://1', state: running, started: true };
    const tolerations = [{ key: 'dedicated', operator: 'Exists' }];
    putPod('shop', 'web-0', {
      spec: { containers: [{ name: 'main', image: 'x' }], tolerations, volumes: [] },
      status: {
        phase: 'Running',
        containerStatuses: [{ ...container, image: 'x', imageID: 'y' }],
        initContainerStatuses: [container],
        ephemeralContainerStatuses: [container],
      },
    });
    const capture = held('shop', 'web-0', 'node-1');
    watches.follow('shop/web-0', capture);
    await clock.advance(0);
    expect(watches.podOf(capture)).toMatchObject({
      object: {
        spec: { tolerations },
        status: {
          containerStatuses: [container],
          initContainerStatuses: [container],
          ephemeralContainerStatuses: [container],
        },
      },
    });
    expect(JSON.stringify(watches.podOf(capture))).not.toMatch(/image|volumes/);
  });

  test('leaves nothing behind', async () => {
    const { clock, watches, stop, open } = setUp();
    for (let i = 0; i < 200; i += 1) watches.follow(`n${i}/p`, held(`n${i}`, 'p', `node-${i}`));
    await clock.advance(0);
    expect([watches.size, open.size]).toEqual([201, 201]);
    stop.abort();
    await clock.advance(0);
    expect([open.size, clock.pending]).toEqual([0, 0]);
  });
});
