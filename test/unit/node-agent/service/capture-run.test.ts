import { describe, expect, test } from '@jest/globals';
import { CaptureRun } from '../../../../src/node-agent/service/capture-run.js';

/** A clock whose timers fire the given number of milliseconds early, as Node's timers may. */
function hastyClock(early: number) {
  let now = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    clock: {
      monotonic: () => now,
      wall: () => now,
      sleep: (milliseconds: number): Promise<void> => {
        sleeps.push(milliseconds);
        now += milliseconds > early ? milliseconds - early : milliseconds;
        return Promise.resolve();
      },
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function never(): Promise<void> {
  return new Promise(() => {});
}

describe('CaptureRun', () => {
  test('holds for no less than the requested time, even when its timer fires early', async () => {
    const { clock, now, sleeps } = hastyClock(0.5);
    const run = new CaptureRun('uid', 'pod', 3, clock);
    run.holdBegan();
    await aborted(run.signal);
    expect(now()).toBe(3000);
    expect(sleeps).toEqual([3000, 0.5]);
  });

  test('overdueMilliseconds counts from the end that was asked for, a cancellation included, until the pod is let go', () => {
    let now = 0;
    const run = new CaptureRun('uid', 'pod', 3, { monotonic: () => now, wall: () => now, sleep: never });
    now = 9000;
    expect(run.overdueMilliseconds).toBe(0);
    run.holdBegan();
    now = 12_000;
    expect(run.overdueMilliseconds).toBe(0);
    now = 12_500;
    expect(run.overdueMilliseconds).toBe(500);
    const cancelled = new CaptureRun('uid', 'pod', 60, { monotonic: () => now, wall: () => now, sleep: never });
    cancelled.holdBegan();
    now = 13_500;
    cancelled.cancel('deleted');
    now = 14_500;
    expect([cancelled.overdueMilliseconds, run.overdueMilliseconds]).toEqual([1000, 2500]);
    run.letGo();
    expect(run.overdueMilliseconds).toBe(0);
  });

  test('overdueMilliseconds counts from the moment at which a hold is lowered to less than its age', () => {
    let now = 0;
    const run = new CaptureRun('uid', 'pod', 3600, { monotonic: () => now, wall: () => now, sleep: never });
    run.holdBegan();
    now = 1_800_000;
    run.lowerHold(60);
    expect(run.overdueMilliseconds).toBe(0);
    now += 250;
    expect(run.overdueMilliseconds).toBe(250);
  });

  test('ends a hold at once when it is lowered below the elapsed time, and never extends it', () => {
    const run = new CaptureRun('uid', 'pod', 3, { ...hastyClock(0).clock, sleep: () => new Promise<void>(() => {}) });
    run.holdBegan();
    run.lowerHold(10);
    expect([run.holdSeconds, run.signal.aborted]).toEqual([3, false]);
    run.lowerHold(0);
    expect([run.holdSeconds, run.signal.aborted]).toEqual([0, true]);
  });
});
