import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/controller/decide.js';
import { endedStatus } from '../../../src/controller/status.js';
import { endTime } from '../../../src/controller/times.js';
import { capture, checkpoint, endedAs, NOW, settled, under } from './builders.js';

const HOUR = 3_600_000;

describe('endTime()', () => {
  test('is never before the start: a clock that was set back, another clock, the cut to whole seconds', () => {
    expect(endTime(undefined, NOW + 999)).toBe('2026-01-01T00:00:10Z');
    expect(endTime('2026-01-01T00:00:09Z', NOW)).toBe('2026-01-01T00:00:10Z');
    expect(endTime('2026-01-01T00:00:10Z', NOW - HOUR)).toBe('2026-01-01T00:00:10Z');
    expect(endTime('2026-01-01T00:00:10.500Z', NOW + 900)).toBe('2026-01-01T00:00:10.500Z');
  });
});

describe('a wall clock that was set back by an hour', () => {
  test('ends no Checkpoint before its start, and moves no condition to before it', () => {
    const startTime = '2026-01-01T00:00:06Z';
    const begun = checkpoint({ status: { startTime } });
    const status = endedStatus(begun, capture({ status: endedAs('Captured') }), NOW - HOUR);
    expect([status.startTime, status.completionTime]).toEqual([startTime, startTime]);
    expect(new Set(status.conditions?.map(({ lastTransitionTime }) => lastTransitionTime))).toEqual(
      new Set([startTime]),
    );
  });

  test('ends no PodCapture of a lost agent before its start', () => {
    const lost = capture({ status: under('Capturing', '2026-01-01T00:00:06.789Z') });
    const { actions } = decide(settled({ capture: lost, agent: 'Lost', now: NOW - HOUR }));
    expect(actions).toMatchObject([{ status: { completionTime: '2026-01-01T00:00:06.789Z' } }]);
  });

  test('does not keep the progress from the Checkpoint', () => {
    const dispatched = settled({ capture: capture({ status: under('Capturing') }), dispatchedFor: 5_000 });
    const first = decide({ ...dispatched, capture: capture(), now: NOW });
    const [write] = first.actions;
    const shown = checkpoint({ status: write?.kind === 'write-status' ? write.status : {} });
    expect(decide({ ...dispatched, checkpoint: shown, now: NOW - HOUR }).actions).toMatchObject([
      { kind: 'write-status', status: { pods: [{ state: 'Capturing' }] } },
    ]);
  });
});
