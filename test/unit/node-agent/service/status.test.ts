import { describe, expect, test } from '@jest/globals';
import { findCondition } from '../../../../src/api/conditions.js';
import type { PodCaptureStatus } from '../../../../src/api/kinds.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { busyStatus } from '../../../../src/node-agent/service/busy-notices.js';
import {
  bareEndStatus,
  capturingStatus,
  claimOf,
  endStatus,
  holdingStatus,
  refusedCaptureStatus,
  type Ended,
} from '../../../../src/node-agent/service/status.js';
import { completeContainer, completeRow, completeUnfrozenTask } from '../../builders.js';
import { goodReport, ME, podCapture } from './fixtures.js';
import { schemaViolations, type Schema } from './schema.js';
import { refusals, SCHEMA } from './status-schema.js';

const CLAIM = { claimedBy: ME, startTime: '2026-01-01T00:00:00.000Z', generation: 1, holds: true };
const TIME = '2026-01-01T00:00:01.000Z';
const HOLD = { seconds: 60, cause: 'HoldElapsed' } as const;
const TIMES = { heldFrom: '2026-01-01T00:00:00.500000Z', holdUntil: '2026-01-01T00:01:00.500000Z' };
const ARTIFACT = { path: '/var/lib/stasis/x.json', sizeBytes: 1, sha256: '0'.repeat(64), command: 'kubectl exec' };

function ended(report: Partial<Ended['report']> = {}): Ended {
  return { report: goodReport(report), dryRun: false, completionTime: TIME };
}

/** The names of the fields that an item of a list has in the schema. */
function fieldsOf(list: Schema | undefined): string[] {
  return Object.keys(list?.items?.properties ?? {}).toSorted();
}

function reasonOf(status: PodCaptureStatus): string | undefined {
  return findCondition(status.conditions, 'Succeeded')?.reason;
}

describe('the statuses', () => {
  test('match the schema of the CRD', () => {
    expect(refusals(capturingStatus(CLAIM))).toEqual([]);
    expect(refusals(holdingStatus(CLAIM, TIMES, TIME))).toEqual([]);
    expect(refusals(busyStatus(podCapture(1), 'busy', TIME))).toEqual([]);
    expect(refusals(endStatus(CLAIM, ended()))).toEqual([]);
    expect(refusals(bareEndStatus(CLAIM, ended()))).toEqual([]);
    const release = { unproved: ['/x'], isTouched: true };
    expect(refusals(refusedCaptureStatus(CLAIM, failure('Cancelled', 'x'), release, TIME))).toEqual([]);
  });

  test('endStatus() and holdingStatus() match the schema, and set every field of it that is theirs, with every field of a row', () => {
    const report = {
      tree: [completeRow(7)],
      containers: [completeContainer()],
      unfrozen: [completeUnfrozenTask()],
      freezeSkewMicroseconds: 1,
      overrunMicroseconds: 1,
    };
    const status = endStatus(CLAIM, { ...ended(report), hold: HOLD, artifact: ARTIFACT });
    expect(refusals(status)).toEqual([]);
    expect(status).toMatchObject(report);
    const set = { ...status, ...holdingStatus(CLAIM, TIMES, TIME) };
    expect(Object.keys(set).toSorted()).toEqual(Object.keys(SCHEMA.properties ?? {}).toSorted());
    const { tree, containers, unfrozen } = SCHEMA.properties ?? {};
    const items = [status.tree?.[0], status.containers?.[0], status.unfrozen?.[0], status.tree?.[0]?.threads[0]];
    expect(items.map((item) => Object.keys(item ?? {}).toSorted())).toEqual(
      [tree, containers, unfrozen, tree?.items?.properties?.['threads']].map(fieldsOf),
    );
  });

  test('schemaViolations() finds a field that the schema does not declare', () => {
    const status = { ...endStatus(CLAIM, ended()), mood: 'good' };
    expect(schemaViolations(SCHEMA, status)).toEqual(['.mood: not declared']);
  });
});

function shown(status: PodCaptureStatus): string[][] {
  return (status.conditions ?? []).map((one) => [one.type, one.status, one.reason, one.lastTransitionTime]);
}

describe('conditions', () => {
  test('the statuses tell of a hold from the claim to the end, and since when each condition is so', () => {
    const begun = capturingStatus(CLAIM);
    const holding = holdingStatus({ ...CLAIM, conditions: begun.conditions ?? [] }, TIMES, TIME);
    const later = '2026-01-01T00:01:01.000Z';
    const end = endStatus(
      { ...CLAIM, conditions: holding.conditions ?? [] },
      { ...ended(), hold: HOLD, completionTime: later },
    );
    const since = CLAIM.startTime;
    expect([begun, holding, end].map(shown)).toEqual([
      [
        ['Held', 'Unknown', 'Capturing', since],
        ['Released', 'Unknown', 'Capturing', since],
        ['Succeeded', 'Unknown', 'Capturing', since],
      ],
      [
        ['Held', 'True', 'Holding', TIME],
        ['Released', 'Unknown', 'Holding', since],
        ['Succeeded', 'Unknown', 'Holding', since],
      ],
      [
        ['Held', 'False', 'HoldElapsed', later],
        ['Released', 'True', 'FreezersRestored', later],
        ['Succeeded', 'True', 'Captured', later],
      ],
    ]);
    expect([holding.holdUntil, end.holdUntil]).toEqual([TIMES.holdUntil, undefined]);
  });

  test('capturingStatus() has no condition Held where no hold was asked for, and keeps the time of an earlier wait', () => {
    const waiting = podCapture(1, {}, { status: busyStatus(podCapture(1), 'busy', '2025-12-31T23:59:59.000Z') });
    const status = capturingStatus(claimOf(waiting, ME, CLAIM.startTime));
    expect(shown(status)).toEqual([
      ['Released', 'Unknown', 'Capturing', CLAIM.startTime],
      ['Succeeded', 'Unknown', 'Capturing', '2025-12-31T23:59:59.000Z'],
    ]);
  });

  test('endStatus() reports a failure after the release, unless the capture itself failed', () => {
    const late = { ...ended(), failure: failure('ArtifactFailed', 'full') };
    expect(reasonOf(endStatus(CLAIM, late))).toBe('ArtifactFailed');
    const both = { ...late, report: goodReport({ failure: failure('FreezeTimeout', 'late') }) };
    expect(reasonOf(endStatus(CLAIM, both))).toBe('FreezeTimeout');
  });

  test('claimOf() claims an unclaimed capture, and keeps an existing claim', () => {
    expect(claimOf(podCapture(1, { hold: { seconds: 1 } }), ME, TIME)).toEqual({
      claimedBy: ME,
      startTime: TIME,
      holds: true,
    });
    const claimed = podCapture(1, {}, { status: { claimedBy: 'another', startTime: CLAIM.startTime } });
    expect(claimOf(claimed, ME, TIME)).toEqual({ claimedBy: 'another', startTime: CLAIM.startTime, holds: false });
  });

  test('no status has an end before its start when the wall clock was set back', () => {
    const back = '2025-12-31T23:00:00.000Z';
    const start = CLAIM.startTime;
    const end = endStatus(CLAIM, { ...ended(), completionTime: back });
    const pauseEnd = '2026-01-01T00:00:30.001Z'; // The pod was let go then, by the sample's report.
    expect(end.completionTime).toBe(pauseEnd);
    expect(end.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([pauseEnd, pauseEnd]);
    const release = { unproved: [], isTouched: true };
    const refused = refusedCaptureStatus(CLAIM, failure('NodeAgentRestarted', 'x'), release, back);
    expect(refused).toMatchObject({ completionTime: start, conditions: [{ lastTransitionTime: start }, {}, {}] });
  });

  test('refusedCaptureStatus() tells why the pod is not held, and that nothing was touched or who looked', () => {
    const why = failure('NodeAgentRestarted', 'restarted');
    const byGuard = 'freezers handled by the guard: 1 opened (AgentDied)';
    const by = refusedCaptureStatus(CLAIM, why, { unproved: [], isTouched: true, byGuard }, TIME).conditions;
    expect(by).toMatchObject([
      { type: 'Held', status: 'False', reason: 'NodeAgentRestarted', message: 'restarted' },
      { type: 'Released', status: 'True', reason: 'FreezersRestored', message: expect.stringContaining(byGuard) },
      { type: 'Succeeded', status: 'False', reason: 'NodeAgentRestarted' },
    ]);
    const none = refusedCaptureStatus({ ...CLAIM, holds: false }, why, { unproved: [], isTouched: false }, TIME);
    expect(none.conditions).toMatchObject([{ type: 'Released', reason: 'NothingTouched' }, { type: 'Succeeded' }]);
  });
});
