import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { cutText, findCondition } from '../../../../src/api/conditions.js';
import type { PodCaptureStatus } from '../../../../src/api/kinds.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { busyStatus } from '../../../../src/node-agent/service/busy-notices.js';
import {
  bareEndStatus,
  capturingStatus,
  claimOf,
  endStatus,
  holdingStatus,
  MAX_STATUS_BYTES,
  refusedCaptureStatus,
  type Ended,
} from '../../../../src/node-agent/service/status.js';
import {
  completeContainer,
  completeRow,
  completeUnfrozenTask,
  containerCapture,
  processRow,
  threadRow,
  unfrozenTask,
} from '../../builders.js';
import { goodReport, ME, podCapture } from './fixtures.js';
import { schemaViolations, type Schema } from './schema.js';

const CRD = parse(readFileSync('deploy/crds/podcaptures.yaml', 'utf8')) as {
  spec: { versions: [{ schema: { openAPIV3Schema: { properties: { status: Schema } } } }] };
};
const SCHEMA = CRD.spec.versions[0].schema.openAPIV3Schema.properties.status;
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

/** Lists what the server would refuse; empty for a status that it accepts. */
function refusals(status: PodCaptureStatus): string[] {
  const text = JSON.stringify(status);
  const bytes = Buffer.byteLength(text);
  const tooLarge = bytes > MAX_STATUS_BYTES ? [`${bytes} bytes`] : [];
  return [...tooLarge, ...schemaViolations(SCHEMA, JSON.parse(text))];
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

  test('endStatus() carries at most 100 rows and 32 KiB, counts all, and sets truncated', () => {
    const threads = Array.from({ length: 100 }, (_, index) => threadRow({ tid: index }));
    const tree = Array.from({ length: 2000 }, (_, pid) => processRow({ pid, threads }));
    const status = endStatus(CLAIM, ended({ tree }));
    expect(refusals(status)).toEqual([]);
    expect(status).toMatchObject({ truncated: true, processes: 2000, threads: 200_000 });
    expect(status.tree?.length).toBeGreaterThan(5);
    expect(status.tree?.[0]?.threads).toHaveLength(32);
    const small = Array.from({ length: 101 }, (_, pid) => ({ ...processRow({ pid, threads: [] }), namespaces: {} }));
    expect(JSON.stringify(small).length).toBeGreaterThan(MAX_STATUS_BYTES);
    expect(endStatus(CLAIM, ended({ tree: small.slice(0, 30) })).truncated).toBe(false);
  });

  test('endStatus() keeps a part of the tree beside the containers of a large pod and many unfrozen tasks', () => {
    const path = `/kubelet.slice/${'x'.repeat(180)}`;
    const containers = Array.from({ length: 64 }, () => ({ ...completeContainer(), cgroupPath: path }));
    const unfrozen = Array.from({ length: 300 }, () => completeUnfrozenTask());
    const status = endStatus(CLAIM, ended({ containers, unfrozen, tree: [1, 2, 3, 4].map((pid) => completeRow(pid)) }));
    expect(refusals(status)).toEqual([]);
    expect(status.truncated).toBe(true);
    expect([status.containers, status.unfrozen, status.tree].map((list) => (list ?? []).length > 2)).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('endStatus() sets truncated when it cuts only threads, and not when it cuts nothing', () => {
    const threads = Array.from({ length: 33 }, (_, index) => threadRow({ tid: index }));
    expect(endStatus(CLAIM, ended({ tree: [processRow({ pid: 1, threads })] })).truncated).toBe(true);
    expect(endStatus(CLAIM, ended()).truncated).toBe(false);
  });

  test('endStatus() matches the schema whatever names the pod uses', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6000 }),
      fc.constant('𝒳'.repeat(5000)),
      fc.constant('\u0001'.repeat(4096)),
    );
    const hostile = fc.record({ comm: text, exe: text, cgroup: text, waitChannel: text, message: text });
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 12 }), fc.integer(), (all, number) => {
        const status = endStatus(CLAIM, {
          ...ended({
            tree: all.map(({ comm, exe, cgroup }, pid) =>
              processRow({
                pid,
                comm,
                exe,
                cgroup,
                stopSignal: comm,
                pendingStopSignals: ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGSTOP'],
                threads: [threadRow({ tid: pid, comm })],
                nsPids: Array.from({ length: 60 }, () => 1),
              }),
            ),
            unfrozen: all.map(({ comm, waitChannel }) => unfrozenTask({ comm, waitChannel, state: comm })),
            containers: all.map(({ cgroup }) =>
              containerCapture({ cgroupPath: cgroup, name: cgroup, containerID: cgroup }),
            ),
            joined: number,
            freezeSkewMicroseconds: number / 3,
            thawUnproved: all.map(({ cgroup }) => cgroup),
          }),
          hold: { ...HOLD, cause: 'Cancelled', why: all.map(({ message }) => message).join('') },
          failure: failure('ArtifactFailed', all.map(({ message }) => message).join('')),
        });
        expect(refusals(status)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('cutText()', () => {
  test('counts code points, and marks a cut', () => {
    expect(cutText('𝒳'.repeat(10), 10)).toBe('𝒳'.repeat(10));
    expect(cutText('𝒳'.repeat(11), 10)).toBe(`${'𝒳'.repeat(9)}…`);
    expect(cutText('abc', 3)).toBe('abc');
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
