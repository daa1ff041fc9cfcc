import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { PodCaptureStatus } from '../../../../src/api/kinds.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { cutText } from '../../../../src/node-agent/service/status-bounds.js';
import {
  bareEndStatus,
  endStatus,
  MAX_STATUS_BYTES,
  progressStatus,
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
const CLAIM = { claimedBy: ME, startTime: '2026-01-01T00:00:00.000Z', generation: 1 };
const TIME = '2026-01-01T00:00:01.000Z';

function ended(report: Partial<Ended['report']> = {}): Ended {
  return { report: goodReport(report), dryRun: false, completionTime: TIME };
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
    expect(refusals(progressStatus(CLAIM, 'Capturing'))).toEqual([]);
    expect(refusals(progressStatus(CLAIM, 'Holding'))).toEqual([]);
    expect(refusals(endStatus(CLAIM, ended()))).toEqual([]);
    expect(refusals(bareEndStatus(CLAIM, ended()))).toEqual([]);
    expect(
      refusals(refusedCaptureStatus(podCapture(1), ME, failure('Cancelled', 'x'), { unproved: ['/x'] }, TIME)),
    ).toEqual([]);
    const artifact = { path: '/var/lib/stasis/x.json', sizeBytes: 1, sha256: '0'.repeat(64) };
    expect(refusals(endStatus(CLAIM, { ...ended(), artifact }))).toEqual([]);
  });

  test('endStatus() matches the schema where every row has every field that Stasis reports', () => {
    const report = {
      tree: [completeRow(7)],
      containers: [completeContainer()],
      unfrozen: [completeUnfrozenTask()],
      freezeSkewMicroseconds: 1,
      overrunMicroseconds: 1,
    };
    const status = endStatus(CLAIM, ended(report));
    expect(refusals(status)).toEqual([]);
    expect(status).toMatchObject(report);
  });

  test('endStatus() matches the schema for thousands of processes and threads, and sets truncated', () => {
    const threads = Array.from({ length: 100 }, (_, index) => threadRow({ tid: index }));
    const tree = Array.from({ length: 2000 }, (_, pid) => processRow({ pid, threads }));
    const status = endStatus(CLAIM, ended({ tree }));
    expect(refusals(status)).toEqual([]);
    expect(status).toMatchObject({ truncated: true, processes: 2000, threads: 200_000 });
    expect(status.tree?.length).toBeGreaterThan(50);
    expect(status.tree?.[0]?.threads).toHaveLength(32);
  });

  test('endStatus() sets truncated when it cuts only threads, and not when it cuts nothing', () => {
    const threads = Array.from({ length: 33 }, (_, index) => threadRow({ tid: index }));
    expect(endStatus(CLAIM, ended({ tree: [processRow({ pid: 1, threads })] })).truncated).toBe(true);
    expect(endStatus(CLAIM, ended()).truncated).toBe(false);
    const tree = Array.from({ length: 300 }, (_, pid) => processRow({ pid }));
    expect(endStatus(CLAIM, ended({ tree })).truncated).toBe(false);
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

describe('conditions', () => {
  test('endStatus() reports a failure after the release, unless the capture itself failed', () => {
    const late = { ...ended(), failure: failure('ArtifactFailed', 'full') };
    expect(endStatus(CLAIM, late).conditions?.[0]).toMatchObject({ status: 'False', reason: 'ArtifactFailed' });
    const both = { ...late, report: goodReport({ failure: failure('FreezeTimeout', 'late') }) };
    expect(endStatus(CLAIM, both).conditions?.[0]).toMatchObject({ reason: 'FreezeTimeout' });
  });

  test('refusedCaptureStatus() claims an unclaimed capture, and keeps an existing claim', () => {
    const why = failure('NodeAgentRestarted', '');
    expect(refusedCaptureStatus(podCapture(1), ME, why, { unproved: [] }, TIME)).toMatchObject({
      claimedBy: ME,
      startTime: TIME,
    });
    const claimed = podCapture(1, {}, { status: { claimedBy: 'another', startTime: CLAIM.startTime } });
    expect(refusedCaptureStatus(claimed, ME, why, { unproved: [] }, TIME)).toMatchObject({
      claimedBy: 'another',
      startTime: CLAIM.startTime,
    });
  });
});
