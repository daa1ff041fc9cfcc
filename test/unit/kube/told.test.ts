/** The changes that a handler is told when the answers to this process's own requests were faster than the watch. */
import { describe, expect, test } from '@jest/globals';
import type { WatchEvent } from '../../../src/kube/api.js';
import { startReflector } from '../../../src/kube/reflector.js';
import { failure, success } from '../../../src/kube/result.js';
import { Store } from '../../../src/kube/store.js';
import { silentLogger } from '../../fake/silent-logger.js';
import { ManualClock, thing, THINGS, type Thing } from './fixtures.js';

const EXPIRED = { method: 'GET', path: 'things', code: 410, reason: 'Expired', message: '' };

/** The events that a watch delivers; `expired`: the server refuses the watch, so that a list follows. */
type Watch = 'expired' | readonly WatchEvent<Thing>[];

/** Runs a reflector over these lists and watches; `meanwhile` is called before the first watch is answered. */
async function told(
  lists: readonly (readonly Thing[])[],
  watches: readonly Watch[],
  meanwhile: (store: Store<Thing>) => void = () => undefined,
): Promise<{ readonly changes: string[]; readonly store: Store<Thing> }> {
  const store = new Store<Thing>();
  const changes: string[] = [];
  const stop = new AbortController();
  const [left, open] = [[...lists], [...watches]];
  const clock = new ManualClock();
  const { done } = startReflector<Thing>({
    api: {
      list: async () => {
        const items = left.shift() ?? [];
        const metadata = { resourceVersion: String(20 - left.length) };
        return await Promise.resolve(success({ items, metadata } as never));
      },
      watch: async (_resource, { signal }) => {
        if (open.length === watches.length) meanwhile(store);
        const next = open.shift() ?? [];
        if (next === 'expired') return await Promise.resolve(failure(EXPIRED));
        return success(
          (async function* () {
            yield* next as Iterable<never>;
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
          })(),
        );
      },
    },
    resource: THINGS,
    store,
    handler: ({ type, object }) =>
      void changes.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`),
    clock,
    random: () => 0.5,
    log: silentLogger(),
    signal: stop.signal,
  });
  await clock.advance(1);
  stop.abort();
  await done;
  return { changes, store };
}

const a = (version: number): Thing => thing('a', version);

/** Another object of the same name. */
function successor(version: number): Thing {
  const { metadata, ...rest } = a(version);
  return { ...rest, metadata: { ...metadata, uid: 'uid-successor' } };
}

describe('a reflector', () => {
  test.each([
    ['the answer to a write', a(12), ['upsert a@12']],
    ['an answer about a successor of the same name', successor(12), ['delete a@3', 'upsert a@12']],
  ])('tells after a list what only %s had told the store', async (_what, answer, expected) => {
    const { changes } = await told([[a(3)], [answer]], ['expired'], (store) => store.upsert(answer));
    expect(changes).toEqual(['upsert a@3', ...expected]);
  });

  test('tells the end of an object whose successor the store knows already', async () => {
    const events = [
      { type: 'DELETED', object: a(11) },
      { type: 'ADDED', object: successor(12) },
    ] as const;
    const { changes, store } = await told([[a(3)]], [events], (held) => held.upsert(successor(12)));
    expect(changes).toEqual(['upsert a@3', 'delete a@11', 'upsert a@12']);
    expect(store.get('team-a/a')?.metadata.uid).toBe('uid-successor');
  });

  test('tells the end of an object that only an answer had told of', async () => {
    const { changes } = await told([[a(3)], [a(3)]], ['expired'], (store) => store.upsert(thing('b', 12)));
    expect(changes).toEqual(['upsert a@3', 'delete b@12']);
  });

  test('tells nothing twice, and leaves what is newer than the list to its event', async () => {
    const { changes } = await told(
      [
        [a(3), thing('b', 4)],
        [a(3), thing('b', 5)],
      ],
      ['expired'],
      (store) => store.upsert(thing('b', 30)),
    );
    expect(changes).toEqual(['upsert a@3', 'upsert b@4']);
  });
});
