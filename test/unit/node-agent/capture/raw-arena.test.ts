import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eachRecord, MAX_ARENA_BYTES, RawArena } from '../../../../src/node-agent/capture/raw-arena.js';

/** A file of so many bytes, each the low byte of its length; `calls` counts how often it was read. */
function file(length: number, calls: { count: number }): (into: Uint8Array) => number {
  return (into) => {
    calls.count += 1;
    const read = Math.min(length, into.length);
    into.fill(length & 0xff, 0, read);
    return read;
  };
}

function half(_: Uint8Array, length: number): number {
  return length / 2;
}

describe('RawArena', () => {
  test('keeps what was read, by look, file and id, in order', () => {
    const arena = new RawArena();
    arena.add('held', 'status', 7, file(3, { count: 0 }));
    arena.add('first', 'exe', 8, file(2, { count: 0 }));
    expect(
      [...eachRecord(arena.records())].map(({ look, file: name, id, bytes }) => [look, name, id, [...bytes]]),
    ).toEqual([
      ['held', 'status', 7, [3, 3, 3]],
      ['first', 'exe', 8, [2, 2]],
    ]);
  });

  test('keeps nothing of what could not be read', () => {
    const arena = new RawArena();
    expect(arena.add('held', 'status', 7, () => -3)).toBe(-3);
    expect([...eachRecord(arena.records())]).toEqual([]);
  });

  test('reads again with more room what filled all that there was', () => {
    const calls = { count: 0 };
    const arena = new RawArena();
    const bytes = arena.add('held', 'status', 7, file(3_000_000, calls));
    expect(bytes).toHaveLength(3_000_000);
    expect(calls.count).toBeGreaterThan(1);
  });

  test('keeps only what is left of a record that was shrunk, and uses the rest of the room again', () => {
    const arena = new RawArena();
    expect(arena.add('held', 'status', 7, file(1_000_000, { count: 0 }), half)).toHaveLength(500_000);
    for (let id = 0; id < 20; id++) arena.add('held', 'status', id, file(100, { count: 0 }), half);
    expect(arena.records().chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBeLessThan(3 << 20);
  });

  test('says that it is full rather than keep more than its bound', () => {
    const arena = new RawArena();
    for (let id = 0; id < 200 && !arena.isFull; id++) arena.add('held', 'status', id, file(1_000_000, { count: 0 }));
    expect(arena.isFull).toBe(true);
    expect(arena.records().chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBeLessThanOrEqual(MAX_ARENA_BYTES);
    arena.clear();
    expect(arena.isFull).toBe(false);
  });

  test('clear() forgets the records and uses the memory again', () => {
    const arena = new RawArena();
    arena.add('held', 'status', 7, file(100, { count: 0 }));
    const [before] = arena.records().chunks;
    arena.clear();
    expect([...eachRecord(arena.records())]).toEqual([]);
    arena.add('held', 'status', 8, file(5, { count: 0 }));
    expect(arena.records().chunks[0]).toBe(before);
  });

  test('gives back every record whatever their sizes, also after a clear()', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 200_000 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(sizes, sizes, (first, second) => {
        const arena = new RawArena();
        for (const round of [first, second]) {
          arena.clear();
          round.forEach((size, id) => arena.add('held', 'status', id, file(size, { count: 0 })));
          const records = [...eachRecord(arena.records())];
          expect(records.map(({ id, bytes }) => [id, bytes.length])).toEqual(round.map((size, id) => [id, size]));
          expect(records.every(({ bytes }) => bytes.every((byte) => byte === (bytes.length & 0xff)))).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});
