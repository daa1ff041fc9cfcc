import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KeyedLock } from '../../../src/controller/pod-lock.js';
import { WorkQueue, type WorkOutcome } from '../../../src/kube/work-queue.js';
import { ManualClock, seeded } from '../kube/fixtures.js';

describe('KeyedLock', () => {
  test('runs one piece of work per pod at a time, and tells the others in turn when to come again', async () => {
    const clock = new ManualClock();
    const lock = new KeyedLock();
    const told: string[] = [];
    const tryIt = async (pod: string, who: string): Promise<boolean> => {
      const attempt = await lock.tryRun(pod, who, () => clock.sleep(100));
      if (attempt.busy) void attempt.turn.finally(() => told.push(who));
      return !attempt.busy;
    };
    const first = tryIt('a', '1');
    expect([await tryIt('a', '2'), await tryIt('a', '3'), await tryIt('a', '2')]).toEqual([false, false, false]);
    const other = tryIt('b', '4');
    await clock.advance(99);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect([await first, await other, told]).toEqual([true, true, ['2', '2']]);
    const second = tryIt('a', '2');
    await clock.advance(100);
    expect([await second, told]).toEqual([true, ['2', '2', '3']]);
  });

  test('frees the pod after work that fails', async () => {
    const lock = new KeyedLock();
    await expect(lock.tryRun('a', '1', () => Promise.reject(new Error('a defect')))).rejects.toThrow('a defect');
    expect(await lock.tryRun('a', '2', () => Promise.resolve(7))).toEqual({ busy: false, value: 7 });
  });

  test('passes a turn on when who has it has moved to another pod', async () => {
    const clock = new ManualClock();
    const lock = new KeyedLock();
    const told: string[] = [];
    const first = lock.tryRun('a', '1', () => clock.sleep(100));
    for (const who of ['2', '3']) {
      const attempt = await lock.tryRun('a', who, () => Promise.resolve());
      if (attempt.busy) void attempt.turn.finally(() => told.push(who));
    }
    await clock.advance(100);
    await first;
    expect(told).toEqual(['2']);
    await lock.tryRun('elsewhere', '2', () => Promise.resolve());
    await clock.advance(0);
    expect(told).toEqual(['2', '3']);
  });
});

/** Visits keys 'namespace/pod/name' as the controller does. Each visit takes `visitMilliseconds`. */
function visits(workers: number, visitMilliseconds: () => number) {
  const clock = new ManualClock();
  const lock = new KeyedLock();
  const queue = new WorkQueue({ clock, random: () => 0, groupOf: (key) => key.split('/')[0] ?? '' });
  const stop = new AbortController();
  const done = new Map<string, number>();
  const running = new Set<string>();
  const visit = async (key: string): Promise<WorkOutcome> => {
    const pod = key.split('/').slice(0, 2).join('/');
    const attempt = await lock.tryRun(pod, key, async () => {
      expect(running.has(pod)).toBe(false);
      running.add(pod);
      await clock.sleep(visitMilliseconds());
      running.delete(pod);
      done.set(key, clock.monotonic());
    });
    return attempt.busy ? { once: attempt.turn } : undefined;
  };
  const ended = queue.run(workers, visit, stop.signal);
  return { clock, queue, stop, done, ended };
}

describe('KeyedLock with WorkQueue', () => {
  test('lets 4,000 Checkpoints of one pod delay no other pod by more than a visit', async () => {
    const { clock, queue, stop, done, ended } = visits(4, () => 10);
    for (let i = 0; i < 4_000; i += 1) queue.add(`many/web/${i}`);
    await clock.advance(5);
    const asked = clock.monotonic();
    queue.add('few/web/x');
    await clock.advance(100);
    expect((done.get('few/web/x') ?? Infinity) - asked).toBeLessThanOrEqual(20);
    stop.abort();
    await clock.advance(10);
    await ended;
  }, 60_000);

  test('visits every key, whatever the order', async () => {
    const keys = fc.array(fc.constantFrom('n/a/1', 'n/a/2', 'n/a/3', 'n/b/1', 'm/a/1', 'm/a/2'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(keys, fc.integer({ min: 1, max: 4 }), fc.nat(), async (added, workers, seed) => {
        const random = seeded(seed + 1);
        const { clock, queue, stop, done, ended } = visits(workers, () => random() * 30);
        const last = new Map<string, number>();
        for (const key of added) {
          queue.add(key);
          last.set(key, clock.monotonic());
          await clock.advance(random() * 20);
        }
        await clock.advance(10_000);
        for (const [key, when] of last) expect(done.get(key)).toBeGreaterThanOrEqual(when);
        expect(queue.snapshot()).toMatchObject({ depth: 0, unfinishedSeconds: 0 });
        stop.abort();
        await ended;
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});
