import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WorkQueue, type WorkOutcome } from '../../../src/kube/work-queue.js';
import { ManualClock, seeded, settle } from './fixtures.js';

function setUp() {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: () => 0 });
  const controller = new AbortController();
  return { clock, queue, controller };
}

describe('WorkQueue', () => {
  test('holds each key once, in order, and handles a key again that is added while it is handled', async () => {
    const { clock, queue, controller } = setUp();
    const seen: string[] = [];
    for (const key of ['a', 'b', 'a']) queue.add(key);
    expect(queue.snapshot().depth).toBe(2);
    const running = queue.run(
      1,
      async (key) => {
        seen.push(key);
        if (seen.length === 1) for (const again of ['a', 'a', 'b']) queue.add(again);
        await clock.sleep(10);
        return undefined;
      },
      controller.signal,
    );
    await clock.advance(100);
    expect(seen).toEqual(['a', 'b', 'a']);
    controller.abort();
    await running;
  });

  test('retries with a growing delay until the key is forgotten', async () => {
    const { clock, queue, controller } = setUp();
    const at: number[] = [];
    const start = clock.monotonic();
    const outcomes: (WorkOutcome | Error)[] = ['retry', new Error('x'), 'retry', undefined];
    const running = queue.run(
      2,
      () => {
        at.push(clock.monotonic() - start);
        const outcome = outcomes.shift();
        return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
      },
      controller.signal,
    );
    queue.add('a');
    await clock.advance(10_000);
    expect(at).toEqual([0, 100, 300, 700]);
    expect(queue.failures('a')).toBe(0);
    queue.addRateLimited('a');
    await clock.advance(99);
    expect(at).toHaveLength(4);
    await clock.advance(1);
    expect(at).toHaveLength(5);
    controller.abort();
    await running;
  });

  test('never waits longer than a minute', async () => {
    const { clock, queue, controller } = setUp();
    for (let i = 0; i < 2_000; i += 1) queue.addRateLimited('a');
    await clock.advance(200);
    const running = queue.run(1, () => Promise.resolve('retry' as const), controller.signal);
    await clock.advance(59_999);
    expect(queue.failures('a')).toBe(2_001);
    await clock.advance(1);
    expect(queue.failures('a')).toBe(2_002);
    expect(clock.pending).toBe(1);
    controller.abort();
    await running;
    expect(clock.pending).toBe(0);
  });

  test('takes urgent keys of a group first, whether they are added, waiting or being handled', async () => {
    const { clock, queue, controller } = setUp();
    const seen: string[] = [];
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    queue.add('c', true);
    queue.add('e', true);
    const running = queue.run(
      1,
      async (key) => {
        seen.push(key);
        if (seen.length === 1) {
          queue.add('c');
          queue.add('c', true);
        }
        await clock.sleep(10);
        return undefined;
      },
      controller.signal,
    );
    await clock.advance(100);
    expect(seen).toEqual(['c', 'e', 'c', 'a', 'b', 'd']);
    controller.abort();
    await running;
  });

  test('addAfter() keeps the earliest of several delays', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 70);
    await clock.advance(50);
    expect(queue.snapshot().depth).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('run() lets handlers end, and takes no further key', async () => {
    const { clock, queue, controller } = setUp();
    const seen: string[] = [];
    const running = queue.run(
      1,
      async (key) => {
        await clock.sleep(100);
        seen.push(key);
        return 'retry' as const;
      },
      controller.signal,
    );
    for (const key of ['a', 'b']) queue.add(key);
    await clock.advance(50);
    controller.abort();
    await clock.advance(50);
    await running;
    expect(seen).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  test('lets the groups of its keys take turns', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, random: () => 0, groupOf: (key) => key.split('/')[0] ?? '' });
    const controller = new AbortController();
    for (let i = 0; i < 4_000; i += 1) queue.add(`many/${i}`);
    for (const key of ['few/a', 'few/b', 'one/a']) queue.add(key);
    expect(queue.snapshot().depth).toBe(4_003);
    const seen: string[] = [];
    const running = queue.run(
      1,
      async (key) => {
        seen.push(key);
        await clock.sleep(10);
        return undefined;
      },
      controller.signal,
    );
    await clock.advance(75);
    expect(seen).toEqual(['many/0', 'few/a', 'one/a', 'many/1', 'few/b', 'many/2', 'many/3', 'many/4']);
    controller.abort();
    await clock.advance(10);
    await running;
  });

  test('handles a key again once the promise of its outcome has resolved, and meanwhile the others', async () => {
    const { clock, queue, controller } = setUp();
    const seen: string[] = [];
    const once = clock.sleep(500);
    const running = queue.run(
      1,
      (key) => Promise.resolve(seen.push(key) === 1 ? { once } : undefined),
      controller.signal,
    );
    for (const key of ['a', 'b']) queue.add(key);
    await clock.advance(499);
    expect(seen).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(seen).toEqual(['a', 'b', 'a']);
    controller.abort();
    await running;
  });

  test('snapshot() tells how long work has gone on', async () => {
    const { clock, queue, controller } = setUp();
    const running = queue.run(2, () => clock.sleep(10_000).then(() => undefined), controller.signal);
    queue.add('a');
    await clock.advance(2_000);
    queue.add('b');
    await clock.advance(1_000);
    expect(queue.snapshot()).toEqual({ depth: 0, unfinishedSeconds: 4, longestRunningSeconds: 3 });
    controller.abort();
    await clock.advance(10_000);
    await running;
  });

  test('never hands one key to two workers, and loses no key, whatever happens', async () => {
    const act = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      how: fc.constantFrom('add', 'addAfter', 'addRateLimited'),
      wait: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        async (acts, workers, seed) => {
          const clock = new ManualClock();
          const random = seeded(seed + 1);
          const queue = new WorkQueue({ clock, random, groupOf: (key) => (key < 'c' ? '1' : '2') });
          const controller = new AbortController();
          const inHand = new Set<string>();
          /** The moments at which each key was last added and last taken. */
          const asked = new Map<string, number>();
          const taken = new Map<string, number>();
          let moment = 0;
          const running = queue.run(
            workers,
            async (key) => {
              expect(inHand.has(key)).toBe(false);
              inHand.add(key);
              taken.set(key, (moment += 1));
              await clock.sleep(random() * 30);
              inHand.delete(key);
              if (random() < 0.2) throw new Error('x');
              return random() < 0.2 ? 'retry' : random() < 0.2 ? { afterMilliseconds: 10 } : undefined;
            },
            controller.signal,
          );
          for (const { key, how, wait } of acts) {
            asked.set(key, (moment += 1));
            if (how === 'add') queue.add(key);
            else if (how === 'addAfter') queue.addAfter(key, wait);
            else queue.addRateLimited(key);
            await clock.advance(wait);
          }
          await clock.advance(300_000);
          for (const [key, when] of asked) expect(taken.get(key)).toBeGreaterThan(when);
          expect([inHand.size, queue.snapshot().depth]).toEqual([0, 0]);
          controller.abort();
          await running;
          await settle();
        },
      ),
      { numRuns: 30 },
    );
  });
});
