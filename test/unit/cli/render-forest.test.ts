import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { placeForest } from '../../../src/cli/render-forest.js';
import type { ForestRow } from '../../../src/cli/render-forest.js';

function draw(rows: readonly ForestRow[], maxDepth = 32): string[] {
  return placeForest(rows, maxDepth).map(({ row, prefix }) => `${prefix}${row.pid}`);
}

describe('placeForest()', () => {
  test('placeForest() draws several roots, and children in the order of the rows', () => {
    const rows = [
      { pid: 1, ppid: 0 },
      { pid: 2, ppid: 1 },
      { pid: 3, ppid: 1 },
      { pid: 4, ppid: 2 },
      { pid: 5, ppid: 2 },
      { pid: 6, ppid: 99 },
      { pid: 7, ppid: 6 },
    ];
    expect(draw(rows)).toEqual(['1', '├─ 2', '│  ├─ 4', '│  └─ 5', '└─ 3', '6', '└─ 7']);
  });

  test('placeForest() places a child that comes before its parent', () => {
    expect(
      draw([
        { pid: 2, ppid: 1 },
        { pid: 1, ppid: 0 },
      ]),
    ).toEqual(['1', '└─ 2']);
  });

  test('placeForest() draws a loop from one of its members on, with the descendants below', () => {
    const rows = [
      { pid: 9, ppid: 2 },
      { pid: 1, ppid: 2 },
      { pid: 2, ppid: 1 },
      { pid: 5, ppid: 5 },
    ];
    expect(draw(rows)).toEqual(['5', '2', '├─ 9', '└─ 1']);
  });

  test('placeForest() keeps both rows of a pid that occurs twice', () => {
    const rows = [
      { pid: 1, ppid: 0 },
      { pid: 1, ppid: 0 },
      { pid: 2, ppid: 1 },
    ];
    expect(draw(rows)).toEqual(['1', '└─ 2', '1']);
  });

  test('placeForest() states the depth of a very deep row instead of indenting it', () => {
    const rows = [1, 2, 3, 4].map((pid) => ({ pid, ppid: pid - 1 }));
    expect(draw(rows, 1)).toEqual(['1', '└─ 2', '⋯ 2 deep: 3', '⋯ 3 deep: 4']);
  });

  test('placeForest() places every row exactly once, for any graph', () => {
    const pid = fc.nat(12);
    const rows = fc.array(fc.record({ pid, ppid: pid }), { maxLength: 30 });
    fc.assert(
      fc.property(rows, (given) => {
        const placed = placeForest(given, 32).map(({ row }) => row);
        expect(placed).toHaveLength(given.length);
        expect(new Set(placed)).toEqual(new Set(given));
      }),
    );
  });

  test.each([
    ['a chain', (pid: number) => pid - 1],
    ['a loop', (pid: number) => (pid === 1 ? 100_000 : pid - 1)],
    ['a star', () => 1],
  ])('placeForest() places 100,000 rows in %s', (_, parentOf) => {
    const rows = Array.from({ length: 100_000 }, (__, index) => ({ pid: index + 1, ppid: parentOf(index + 1) }));
    const placed = placeForest(rows, 32);
    expect(placed).toHaveLength(100_000);
    // The output must be linear in the number of rows: with quadratic output the prefixes would have 15 GB.
    expect(placed.reduce((sum, { prefix }) => sum + prefix.length, 0)).toBeLessThan(100_000 * 32 * 3);
  });
});
