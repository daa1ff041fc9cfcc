import { describe, expect, test } from '@jest/globals';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { emptyReport, type FinalReport } from '../../../../src/node-agent/report/empty-report.js';
import {
  endFacts,
  succeededFact,
  type EndedHold,
  type HoldCause,
} from '../../../../src/node-agent/report/end-conditions.js';
import { timings } from '../../builders.js';

function report(more: Partial<FinalReport> = {}): FinalReport {
  return {
    ...emptyReport(undefined),
    isTouched: true,
    timings: timings({ holdMicroseconds: 12_340_000 }),
    standstill: { from: 1, until: 12_340_001 },
    ...more,
  };
}

function shown(end: FinalReport, hold?: EndedHold): string[] {
  const facts = endFacts({ report: end, dryRun: false, ...(hold === undefined ? {} : { hold }) }, 'the node agent');
  return facts.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

describe('succeededFact()', () => {
  const TABLE: readonly (readonly [HoldCause, string, string])[] = [
    ['HoldElapsed', 'Captured', 'held for 12.3 s of 3600 s, and let go'],
    ['ReleaseRequested', 'Captured', 'held for 12.3 s of 3600 s: the release was requested'],
    ['PodNotFound', 'HoldCutShort', 'held for 12.3 s of 3600 s: the pod no longer exists'],
    ['PodReplaced', 'HoldCutShort', 'held for 12.3 s of 3600 s: another pod has replaced the pod'],
    ['PodTerminating', 'HoldCutShort', 'held for 12.3 s of 3600 s: the pod is being deleted'],
    ['ContainerEnded', 'HoldCutShort', 'held for 12.3 s of 3600 s: a container that was held has ended'],
    ['NodeDrained', 'HoldCutShort', 'held for 12.3 s of 3600 s: the node was cordoned or is drained'],
    ['NodeAgentStopped', 'HoldCutShort', 'held for 12.3 s of 3600 s: the node agent was stopped'],
    ['HeartbeatLost', 'HoldCutShort', 'held for 12.3 s of 3600 s: the node agent could not renew its heartbeat'],
    ['Cancelled', 'Cancelled', 'held for 12.3 s of 3600 s: deleted'],
  ];
  test.each(TABLE)('of a hold that ended with %s is %s', (cause, reason, message) => {
    const hold = { seconds: 3600, cause, why: 'deleted' };
    const fact = succeededFact({ report: report(), dryRun: false, hold });
    expect(fact).toEqual({ type: 'Succeeded', status: reason === 'Captured' ? 'True' : 'False', reason, message });
    expect(shown(report(), hold)[0]).toBe(`Held=False ${cause}`);
  });

  test('of a capture without a hold is Captured, and of a dry run DryRunPassed', () => {
    expect(succeededFact({ report: report(), dryRun: false }).reason).toBe('Captured');
    expect(succeededFact({ report: report(), dryRun: true }).reason).toBe('DryRunPassed');
  });

  test('of a capture whose artifact failed is ArtifactFailed, also when its hold was cut short', () => {
    const hold = { seconds: 3600, cause: 'NodeDrained' } as const;
    const end = { report: report(), dryRun: false, hold, failure: failure('ArtifactFailed', 'full') };
    expect(succeededFact(end).reason).toBe('ArtifactFailed');
  });
});

describe('endFacts()', () => {
  test('has Held only with a hold; a capture that failed is not held for the reason of its failure', () => {
    const late = report({ failure: failure('FreezeTimeout', 'late') });
    expect(shown(late)).toEqual(['Released=True FreezersRestored', 'Succeeded=False FreezeTimeout']);
    expect(shown(late, { seconds: 60, cause: 'HoldElapsed' })[0]).toBe('Held=False FreezeTimeout');
    const guardless = report({ failure: failure('GuardUnavailable', 'gone') });
    expect(shown(guardless, { seconds: 60, cause: 'NodeDrained' })[0]).toBe('Held=False GuardUnavailable');
  });

  test('tells the cause of a rollback, which the tracing thread knows as Cancelled', () => {
    const rolledBack = report({ failure: failure('Cancelled', 'cancelled') });
    expect(shown(rolledBack, { seconds: 60, cause: 'HeartbeatLost' })).toEqual([
      'Held=False HeartbeatLost',
      'Released=True FreezersRestored',
      'Succeeded=False Cancelled',
    ]);
  });

  test('is Released because nothing was touched, or because of who saw to it; else names what is left', () => {
    expect(shown(report({ isTouched: false }))[0]).toBe('Released=True NothingTouched');
    const [fact] = endFacts({ report: report(), dryRun: false }, 'the node agent');
    expect(fact?.message).toContain('seen to by the node agent');
    const [unproved] = endFacts({ report: report({ thawUnproved: ['/a', '/b'] }), dryRun: false }, 'the node agent');
    expect(unproved).toMatchObject({ status: 'False', reason: 'FreezerNotRestored' });
    expect(unproved?.message).toContain('/a, /b');
    expect(shown(report({ processMustEnd: true }))[0]).toBe('Released=False FreezerNotRestored');
  });
});
