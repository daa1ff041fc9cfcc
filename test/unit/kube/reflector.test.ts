import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type KubeConnection } from '../../../src/kube/connect.js';
import { startReflector, type Reflector, type ReflectorOptions } from '../../../src/kube/reflector.js';
import { stepReflector } from '../../../src/kube/reflector-step.js';
import { Store } from '../../../src/kube/store.js';
import { keyOf } from '../../../src/kube/types.js';
import { FakeApiServer, type FakeResponse, type FakeWatch } from '../../fake/api-server.js';
import { fastClock, page, thing, THINGS, until, type Thing } from './fixtures.js';
import { silentLogger } from '../../fake/silent-logger.js';

/**
 * The server's answers, one per request. kube-rs calls this a scenario. The last step also answers all later requests.
 */
type Step = (response: FakeResponse) => void;

let server: FakeApiServer;
let connection: KubeConnection;
let controller: AbortController;
let watches: FakeWatch[];

beforeEach(async () => {
  server = await FakeApiServer.start(() => undefined);
  connection = await connect({ kubeconfig: server.kubeconfig(), userAgent: 'tester/1' });
  controller = new AbortController();
  watches = [];
});

afterEach(async () => {
  controller.abort();
  await connection.close();
  await server.close();
});

const list =
  (resourceVersion: number, ...things: Thing[]): Step =>
  (response) =>
    response.json(200, page(resourceVersion, things));
const watch =
  (script: (watch: FakeWatch) => void = () => undefined): Step =>
  (response) => {
    const opened = response.watch();
    watches.push(opened);
    script(opened);
  };
const refuse =
  (code: number, reason: string): Step =>
  (response) =>
    response.status(code, reason);

interface Run {
  readonly store: Store<Thing>;
  readonly changes: string[];
  readonly reflector: Reflector;
}

function reflect(steps: readonly Step[], options: Partial<ReflectorOptions<Thing>> = {}): Run {
  let step = 0;
  server.handler = (_request, response) => {
    steps[Math.min(step, steps.length - 1)]?.(response);
    step += 1;
  };
  const store = new Store<Thing>();
  const changes: string[] = [];
  const reflector = startReflector<Thing>({
    api: connection,
    resource: THINGS,
    store,
    handler: ({ type, object }) => {
      changes.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`);
    },
    clock: fastClock(20),
    random: () => 0.5,
    log: silentLogger(),
    signal: controller.signal,
    ...options,
  });
  return { store, changes, reflector };
}

/** The requests so far: L for a list, W with its resourceVersion for a watch. */
function asked(): string[] {
  return server.requests.map(({ query }) => (query.has('watch') ? `W${query.get('resourceVersion') ?? ''}` : 'L'));
}

describe('startReflector()', () => {
  test("lists, then watches from the list's version, with the selectors in both requests", async () => {
    const { store, changes, reflector } = reflect(
      [list(10, thing('a', 3)), watch((opened) => opened.event('ADDED', thing('b', 11)))],
      { namespace: 'team-a', fieldSelector: 'spec.nodeName=n1', labelSelector: 'app' },
    );
    expect(reflector.hasSynced()).toBe(false);
    await reflector.synced;
    expect(reflector.hasSynced()).toBe(true);
    await until('both objects are stored', () => store.size === 2);
    expect(changes).toEqual(['upsert a@3', 'upsert b@11']);
    expect(asked()).toEqual(['L', 'W10']);
    for (const { path, query } of server.requests) {
      expect(path).toBe('/apis/example.dev/v1/namespaces/team-a/things');
      expect([query.get('fieldSelector'), query.get('labelSelector')]).toEqual(['spec.nodeName=n1', 'app']);
    }
    expect([server.requests[0]?.query.get('limit'), server.requests[0]?.query.has('resourceVersion')]).toEqual([
      '25',
      false,
    ]);
    expect(server.requests[1]?.query.get('allowWatchBookmarks')).toBe('true');
    expect(Number(server.requests[1]?.query.get('timeoutSeconds'))).toBe(450);
    expect(reflector.lastContact()).toBeGreaterThan(0);
  });

  test('reads a list page by page', async () => {
    const { changes, reflector } = reflect([
      (response) => response.json(200, page(10, [thing('a', 3)], 'next')),
      (response) => response.json(200, page(10, [thing('b', 4)])),
      watch(),
    ]);
    await reflector.synced;
    expect(changes).toEqual(['upsert a@3', 'upsert b@4']);
    expect(server.requests[1]?.query.get('continue')).toBe('next');
  });

  test.each<[string, Step]>([
    ['5xx', refuse(500, 'InternalError')],
    ['403', refuse(403, 'Forbidden')],
    ['cut', (response) => response.cut()],
    ['an expired page', refuse(410, 'Expired')],
  ])('lists again after a list that failed: %s', async (_what, step) => {
    const { reflector, store } = reflect([step, step, list(10, thing('a', 3)), watch()]);
    await reflector.synced;
    expect(store.list().map(keyOf)).toEqual(['team-a/a']);
  });

  test.each<[string, Step]>([
    ['5xx', refuse(500, 'InternalError')],
    ['403', refuse(403, 'Forbidden')],
    ['cut before the answer', (response) => response.cut()],
    [
      'cut in the middle of a line',
      watch((opened) => {
        opened.write('{"type":"ADDED","obj');
        setTimeout(() => opened.cut(), 5);
      }),
    ],
    ['a malformed event', watch((opened) => opened.write('{}\n'))],
    ['closed at once, again and again', watch((opened) => opened.end())],
  ])('watches again from the same version after a watch that failed: %s', async (_what, step) => {
    const { store } = reflect([list(10), step, step, watch((opened) => opened.event('ADDED', thing('b', 11)))]);
    await until('the reflector has gone on', () => store.size === 1);
    expect(asked()).toEqual(['L', 'W10', 'W10', 'W10']);
  });

  test('does not loop without delay when a server closes each watch at once', async () => {
    reflect([list(10), watch((opened) => opened.end())], { clock: fastClock(1) });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(asked()).toEqual(['L', 'W10']);
  });

  test.each<[string, Step]>([
    ['as HTTP status', refuse(410, 'Expired')],
    ['in the stream', watch((opened) => opened.event('ERROR', { kind: 'Status', code: 410, reason: 'Expired' }))],
  ])('lists again after 410 %s, and reports what vanished meanwhile', async (_what, step) => {
    const { changes, store } = reflect([
      list(10, thing('a', 3), thing('b', 4), thing('c', 5)),
      step,
      list(20, thing('a', 3), thing('b', 15)),
      watch((opened) => opened.event('ADDED', thing('d', 21))),
    ]);
    await until('the reflector has gone on', () => store.get('team-a/d') !== undefined);
    expect(changes).toEqual(['upsert a@3', 'upsert b@4', 'upsert c@5', 'delete c@5', 'upsert b@15', 'upsert d@21']);
    expect(asked()).toEqual(['L', 'W10', 'L', 'W20']);
  });

  test('continues from the last bookmark', async () => {
    reflect([
      list(10),
      watch((opened) => {
        opened.event('BOOKMARK', { kind: 'Thing', metadata: { resourceVersion: '77' } });
        opened.end();
      }),
      watch(),
    ]);
    await until('the reflector watches again', () => server.requests.length === 3);
    expect(asked()).toEqual(['L', 'W10', 'W77']);
  });

  test('gives up on a watch that has gone silent, and on a watch that is never answered', async () => {
    reflect([list(10), watch(), watch()], { clock: fastClock(3000) });
    await until('the reflector watches again', () => server.requests.length >= 3);
    expect(asked().slice(0, 3)).toEqual(['L', 'W10', 'W10']);
    await watches[0]?.closed;
  });

  test('takes silence for a dead connection after the given time, also while a watch is being opened', async () => {
    reflect([list(10), watch(), () => undefined, watch()], { clock: fastClock(20), silenceMilliseconds: 2_000 });
    // Twice 2 s, and the delays, on the fast clock. Without the option it would be 150 s, 7.5 s of the real clock.
    await until('the reflector watches again', () => server.requests.length >= 4, 5_000);
    expect(asked()).toEqual(['L', 'W10', 'W10', 'W10']);
    await watches[0]?.closed;
  });

  test('lists again when watches keep failing, because the version itself may be the cause', async () => {
    reflect([list(10), ...Array.from({ length: 5 }, () => refuse(500, 'InternalError')), list(4), watch()], {
      clock: fastClock(200),
    });
    await until('the reflector lists again', () => server.requests.length >= 8);
    expect(asked().slice(0, 8)).toEqual(['L', 'W10', 'W10', 'W10', 'W10', 'W10', 'L', 'W4']);
  });

  test('accepts the whole list of a server that went back in time', async () => {
    const expired = refuse(410, 'Expired');
    const { store } = reflect([list(100, thing('a', 90)), expired, list(50, thing('a', 40), thing('b', 41)), watch()]);
    await until('the store has the old state', () => store.size === 2);
    expect(store.get('team-a/a')?.metadata.resourceVersion).toBe('40');
  });

  test('survives a handler and a projection that throw', async () => {
    const seen: string[] = [];
    const { store } = reflect([list(10, thing('a', 3)), watch((opened) => opened.event('ADDED', thing('b', 11)))], {
      handler: ({ object }) => {
        seen.push(object.metadata.name);
        throw new Error('handler');
      },
      project: () => {
        throw new Error('projection');
      },
    });
    await until('both were reported', () => seen.length === 2);
    expect(store.size).toBe(2);
  });

  test('stores the result of the projection', async () => {
    const { store, reflector } = reflect([list(10, { ...thing('a', 3), spec: { color: 'red' } }), watch()], {
      project: ({ spec: _spec, ...rest }) => rest,
    });
    await reflector.synced;
    expect(store.get('team-a/a')).not.toHaveProperty('spec');
  });

  test('reports nothing after it was stopped, whenever that was', async () => {
    for (const delay of [0, 1, 2, 5, 10, 20]) {
      controller = new AbortController();
      const { changes, reflector } = reflect([
        list(10),
        (response) => setTimeout(() => watch((opened) => opened.event('ADDED', thing('zombie', 11)))(response), 5),
      ]);
      await new Promise((resolve) => setTimeout(resolve, delay));
      controller.abort();
      const told = changes.length;
      await reflector.done;
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(changes.length).toBe(told);
    }
    for (const opened of watches) await opened.closed;
  });

  test('ends while it waits after a failure', async () => {
    const { reflector } = reflect([refuse(500, 'InternalError')], { clock: fastClock(0.01) });
    await until('the reflector has asked', () => server.requests.length === 1);
    controller.abort();
    await reflector.done;
    await reflector.synced;
    expect(reflector.hasSynced()).toBe(false);
  });
});

describe('stepReflector()', () => {
  const error = { method: 'GET', path: 'things', reason: 'Unreachable', message: 'cut' };
  const ended = { kind: 'watchEnded', resourceVersion: '7', empty: false, error } as const;
  test.each([
    ['a watch that had worked breaks', 0, 1_000, 0, 400],
    ['a watch breaks at once', 0, 999, 800, 1_600],
    ['a watch breaks again soon', 1, 59_999, 1_600, 3_200],
    ['a watch breaks again that had worked for a minute', 4, 60_000, 0, 400],
  ])('rests for a bounded time when %s', (_what, failures, lastedMilliseconds, least, most) => {
    for (const chance of [0, 0.5, 0.999]) {
      const state = { at: 'watching', resourceVersion: '1', failures } as const;
      const next = stepReflector(state, { ...ended, lastedMilliseconds }, () => chance);
      expect(next).toMatchObject({ at: 'resting', next: { at: 'watching', resourceVersion: '7' } });
      const { milliseconds } = next as { milliseconds: number };
      expect(milliseconds).toBeGreaterThanOrEqual(least);
      expect(milliseconds).toBeLessThanOrEqual(most);
    }
  });
});
