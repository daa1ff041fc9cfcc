import { describe, expect, test } from '@jest/globals';
import type { CaptureHold } from '../../../../src/api/kinds.js';
import { CaptureRun } from '../../../../src/node-agent/service/capture-run.js';
import { ManualClock } from '../../kube/fixtures.js';
import { podCapture } from './fixtures.js';

const MINUTE = 60_000_000;

function run(hold?: CaptureHold, clock = new ManualClock()): CaptureRun {
  const made = new CaptureRun(podCapture(1, hold === undefined ? {} : { hold }), clock);
  made.begin();
  return made;
}

describe('CaptureRun', () => {
  test('holds for as long as was asked, and not at all where no hold was asked for or in a dry run', () => {
    const dry = new CaptureRun(podCapture(1, { dryRun: true, hold: { seconds: 60 } }), new ManualClock());
    expect([run({ seconds: 60 }), run(), dry].map((one) => [one.holds, one.holdMicroseconds])).toEqual([
      [true, MINUTE],
      [false, 0],
      [false, 0],
    ]);
    expect([run().endedHold(0), run({ seconds: 60 }).endedHold(MINUTE)]).toEqual([
      undefined,
      { seconds: 60, cause: 'HoldElapsed' },
    ]);
  });

  test('release() ends a hold at once, and the first reason counts', () => {
    const one = run({ seconds: 60 });
    one.holdBegan();
    one.release('NodeDrained');
    one.release('ReleaseRequested');
    expect([one.signal.aborted, one.released, one.cancelled]).toEqual([true, true, false]);
    expect(one.endedHold(1_000_000)).toEqual({ seconds: 60, cause: 'NodeDrained' });
  });

  test('release() before the hold rolls nothing back, and the pod is not held', () => {
    const one = run({ seconds: 60 });
    one.release('ReleaseRequested');
    expect([one.signal.aborted, one.holdMicroseconds]).toEqual([false, 0]);
    // The tracing thread had its request before the release came.
    one.holdBegan();
    expect(one.signal.aborted).toBe(true);
    expect(one.endedHold(50_000)).toEqual({ seconds: 60, cause: 'ReleaseRequested' });
  });

  test('release() does nothing to a capture without a hold', () => {
    const one = run();
    one.release('NodeDrained');
    expect([one.released, one.signal.aborted]).toEqual([false, false]);
  });

  test('cancel() aborts at once, and names its reason as the cause', () => {
    const one = run({ seconds: 60 });
    one.cancel('HeartbeatLost', 'cut off');
    one.cancel('Cancelled', 'deleted');
    expect([one.signal.aborted, one.why]).toEqual([true, 'cut off']);
    expect(one.endedHold(0)).toEqual({ seconds: 60, cause: 'HeartbeatLost', why: 'cut off' });
  });

  test('cancel() in a hold that is being released leaves the cause, and before the hold it is the cause', () => {
    const holding = run({ seconds: 60 });
    holding.holdBegan();
    holding.release('NodeDrained');
    holding.cancel('Cancelled', 'deleted');
    expect(holding.endedHold(1)?.cause).toBe('NodeDrained');
    const capturing = run({ seconds: 60 });
    capturing.release('NodeDrained');
    capturing.cancel('Cancelled', 'deleted');
    expect(capturing.endedHold(0)?.cause).toBe('Cancelled');
  });

  test('endedHold() takes a hold of the whole time for elapsed, whatever came in the same moment', () => {
    const one = run({ seconds: 60 });
    one.holdBegan();
    one.cancel('NodeAgentStopped', 'stopped');
    expect(one.endedHold(MINUTE)?.cause).toBe('HoldElapsed');
  });

  test('overdueMilliseconds counts from the end that was asked for, a cancellation included, until the pod is let go', async () => {
    const clock = new ManualClock();
    const one = run({ seconds: 3 }, clock);
    await clock.advance(9_000);
    expect(one.overdueMilliseconds).toBe(0);
    one.holdBegan();
    await clock.advance(3_000);
    expect(one.overdueMilliseconds).toBe(0);
    await clock.advance(500);
    expect(one.overdueMilliseconds).toBe(500);
    const cancelled = run({ seconds: 60 }, clock);
    cancelled.holdBegan();
    await clock.advance(1_000);
    cancelled.cancel('Cancelled', 'deleted');
    await clock.advance(1_000);
    expect([cancelled.overdueMilliseconds, one.overdueMilliseconds]).toEqual([1_000, 2_500]);
    one.letGo();
    expect(one.overdueMilliseconds).toBe(0);
  });

  test('overdueMilliseconds counts from a release, and from the begin of the hold when the release came before it', async () => {
    const clock = new ManualClock();
    const one = run({ seconds: 3600 }, clock);
    one.holdBegan();
    await clock.advance(1_800_000);
    one.release('ReleaseRequested');
    const early = run({ seconds: 3600 }, clock);
    early.release('ReleaseRequested');
    await clock.advance(250);
    early.holdBegan();
    expect([one.overdueMilliseconds, early.overdueMilliseconds]).toEqual([250, 0]);
  });
});
