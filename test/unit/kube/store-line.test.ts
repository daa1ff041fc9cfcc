import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Store } from '../../../src/kube/store.js';
import { thing, type Thing } from './fixtures.js';

const colored = (name: string, version: number, color: string): Thing => thing(name, version, { spec: { color } });

/** A line per color, in the order of the names. */
function lines(): Store<Thing> {
  const order = {
    lineOf: ({ spec }: Thing) => (spec?.color === 'none' ? undefined : spec?.color),
    isBefore: (one: Thing, other: Thing) => one.metadata.name < other.metadata.name,
  };
  return new Store<Thing>({}, { byName: order });
}

describe('the lines of a Store', () => {
  test('have their objects in order, whatever comes, changes and goes', () => {
    const step = fc.tuple(fc.nat(20), fc.constantFrom('red', 'blue', 'none', undefined));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = lines();
        for (const [index, [number, color]] of steps.entries()) {
          const object = colored(`thing-${number}`, index + 1, color ?? 'none');
          if (color === undefined) store.delete(object);
          else store.upsert(object);
        }
        for (const color of ['red', 'blue', 'none']) {
          const expected = store.list().filter(({ spec }) => spec?.color === color && color !== 'none');
          const names = expected.map(({ metadata }) => metadata.name).toSorted();
          const line = store.line('byName', color);
          expect(line.map(({ metadata }) => metadata.name)).toEqual(names);
          expect(new Set(line)).toEqual(new Set(expected));
        }
      }),
    );
  });

  test('do not exist under an unknown name', () => {
    const store = lines();
    store.upsert(colored('a', 1, 'red'));
    expect([store.line('byName', 'green'), store.line('byAge', 'red')]).toEqual([[], []]);
  });
});
