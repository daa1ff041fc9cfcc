import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isOlder } from '../../../src/kube/resource-version.js';
import { Store } from '../../../src/kube/store.js';
import { thing, type Thing } from './fixtures.js';

const byColor = { color: ({ spec }: Thing) => (spec?.color === undefined ? [] : [spec.color]) };
const red = (name: string, version: number) => thing(name, version, { spec: { color: 'red' } });
const blue = (name: string, version: number) => thing(name, version, { spec: { color: 'blue' } });

describe('isOlder()', () => {
  test.each([
    ['9', '10', true],
    ['10', '9', false],
    ['10', '10', false],
    ['9007199254740993', '9007199254740992', false],
    ['9007199254740992', '9007199254740993', true],
    ['abc', '10', false],
    ['010', '10', false],
    ['', '1', false],
  ])('compares %s with %s as integers of any length', (a, b, older) => {
    expect(isOlder(a, b)).toBe(older);
  });
});

describe('Store', () => {
  test('finds objects by key and by index, and moves objects that change', () => {
    const store = new Store<Thing>(byColor);
    store.upsert(red('a', 1));
    store.upsert(red('b', 2));
    store.upsert(blue('a', 3));
    expect(store.get('team-a/a')).toEqual(blue('a', 3));
    expect([store.byIndex('color', 'red'), store.byIndex('color', 'blue')]).toEqual([[red('b', 2)], [blue('a', 3)]]);
    expect([store.byIndex('color', 'green'), store.byIndex('nothing', 'red')]).toEqual([[], []]);
    store.delete(red('b', 4));
    expect(store.byIndex('color', 'red')).toEqual([]);
  });

  test('upsert() ignores an older version, and accepts a version that cannot be compared', () => {
    const store = new Store<Thing>();
    store.upsert(thing('a', 10));
    expect([store.upsert(thing('a', 9)), store.upsert(thing('a', 10)), store.upsert(thing('a', 'x'))]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('upsert() does not bring back a deleted object, but accepts a successor and an object that matches the selector again', () => {
    const store = new Store<Thing>();
    store.upsert(thing('a', 10));
    store.delete(thing('a', 12));
    expect(store.upsert(thing('a', 11))).toBe(false);
    expect(store.upsert(thing('a', 12))).toBe(false);
    expect(store.upsert(thing('a', 13))).toBe(true);
  });

  test('delete() leaves a newer successor of the same name', () => {
    const store = new Store<Thing>();
    store.upsert(thing('a', 20));
    expect(store.delete(thing('a', 12))).toBe(false);
    expect(store.size).toBe(1);
  });

  test('replaceAll() reports removed, changed and new objects, and keeps own writes that are newer than the list', () => {
    const store = new Store<Thing>();
    for (const each of [thing('same', 1), thing('changed', 2), thing('gone', 3), thing('own', 30), thing('ahead', 31)])
      store.upsert(each);
    const changes = store.replaceAll([thing('same', 1), thing('changed', 8), thing('new', 9), thing('ahead', 7)], '20');
    expect(changes).toEqual([
      { type: 'delete', object: thing('gone', 3) },
      { type: 'upsert', object: thing('changed', 8) },
      { type: 'upsert', object: thing('new', 9) },
    ]);
    expect(store.get('team-a/own')).toEqual(thing('own', 30));
    expect(store.get('team-a/ahead')).toEqual(thing('ahead', 31));
  });

  test("ends up with the server's state, in whatever order the watch and the answers to own writes arrive", () => {
    const history = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 30 });
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat(3)), (writes, late) => {
        const store = new Store<Thing>(byColor);
        const truth = new Map<string, Thing>();
        const answers: { due: number; object: Thing }[] = [];
        for (const [index, [name, isDelete]] of writes.entries()) {
          const version = index + 1;
          const delay = late.next().value ?? 0;
          const object = version % 2 === 0 ? red(name, version) : blue(name, version);
          if (isDelete) {
            truth.delete(name);
            store.delete(object);
          } else {
            truth.set(name, object);
            answers.push({ due: version + delay, object });
            store.upsert(object);
          }
          for (const answer of answers.filter(({ due }) => due <= version)) store.upsert(answer.object);
        }
        for (const answer of answers) store.upsert(answer.object);
        expect(new Set(store.list())).toEqual(new Set(truth.values()));
        const reds = [...truth.values()].filter(({ spec }) => spec?.color === 'red');
        expect(new Set(store.byIndex('color', 'red'))).toEqual(new Set(reds));
      }),
    );
  });
});
