/** How the lists of a report are cut to what fits into a status. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutText } from '../../../../src/api/conditions.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { endStatus, MAX_STATUS_BYTES, type Ended } from '../../../../src/node-agent/service/status.js';
import {
  completeContainer,
  completeRow,
  completeUnfrozenTask,
  containerCapture,
  processRow,
  threadRow,
  unfrozenTask,
} from '../../builders.js';
import { goodReport, ME } from './fixtures.js';
import { refusals } from './status-schema.js';

const CLAIM = { claimedBy: ME, startTime: '2026-01-01T00:00:00.000Z', generation: 1, holds: true };
const HOLD = { seconds: 60, cause: 'HoldElapsed' } as const;

function ended(report: Partial<Ended['report']> = {}): Ended {
  return { report: goodReport(report), dryRun: false, completionTime: '2026-01-01T00:00:01.000Z' };
}

describe('endStatus()', () => {
  test('carries at most 100 rows and 32 KiB, counts all, and sets truncated', () => {
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

  test('keeps a part of the tree beside the containers of a large pod and many unfrozen tasks', () => {
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

  test('sets truncated when it cuts only threads, and not when it cuts nothing', () => {
    const threads = Array.from({ length: 33 }, (_, index) => threadRow({ tid: index }));
    expect(endStatus(CLAIM, ended({ tree: [processRow({ pid: 1, threads })] })).truncated).toBe(true);
    expect(endStatus(CLAIM, ended()).truncated).toBe(false);
  });

  /** setresuid(2) as a raw system call changes one thread alone. */
  const IDS = { real: 4294967294, effective: 4294967294, saved: 4294967294, filesystem: 4294967294 };

  test('shows the other processes beside one that fills its row, and cuts that row', () => {
    const threads = Array.from({ length: 40 }, (_, index) =>
      threadRow({ tid: 1 + index, comm: '\u0001'.repeat(15), uids: IDS, gids: IDS }),
    );
    const path = `/${'\u0001'.repeat(4090)}`;
    const hostile = processRow({ pid: 1, ppid: 7, comm: 'init', exe: path, cgroup: path, threads });
    const others = Array.from({ length: 10 }, (_, index) => processRow({ pid: 2 + index, comm: 'miner' }));
    const status = endStatus(CLAIM, ended({ tree: [hostile, ...others] }));
    expect(refusals(status)).toEqual([]);
    expect(status).toMatchObject({ truncated: true, processes: 11, threads: 50 });
    expect(status.tree?.map(({ pid }) => pid)).toEqual(Array.from({ length: 11 }, (_, index) => 1 + index));
    const [first] = status.tree ?? [];
    expect(first).toMatchObject({ pid: 1, ppid: 7, comm: 'init' });
    expect([first?.exe, first?.cgroup]).toEqual([expect.stringMatching(/^\/.*…$/s), expect.stringMatching(/^\/.*…$/s)]);
    expect(first?.threads.length).toBeGreaterThan(1);
    expect(JSON.stringify(first).length).toBeLessThanOrEqual(4 << 10);
  });

  test('goes on after a container that does not fit', () => {
    const containers = ['\u0001'.repeat(4000), '/a', '/b'].map((cgroupPath) => containerCapture({ cgroupPath }));
    const status = endStatus(CLAIM, ended({ containers }));
    expect(status.containers?.map(({ cgroupPath }) => cgroupPath)).toEqual(['/a', '/b']);
    expect(status.truncated).toBe(true);
  });

  test.each(['<', '>', '&', '\u2028', '\u2029', '\b', '\f', '\\', '"', '\u007f', '\ud800', 'é'])(
    'carries at most 32 KiB also as the API server writes it, with names of %j',
    (character) => {
      const exe = `/${character.repeat(4000)}`;
      const tree = Array.from({ length: 99 }, (_, pid) => processRow({ pid, exe, comm: character.repeat(15) }));
      const report = { tree, containers: Array.from({ length: 64 }, () => containerCapture({ cgroupPath: exe })) };
      const message = character.repeat(10_000);
      const status = endStatus(CLAIM, { ...ended(report), failure: failure('ArtifactFailed', message) });
      expect(refusals(status)).toEqual([]);
      expect(status.tree?.length).toBeGreaterThan(5);
    },
  );

  test.each([
    [509, false],
    [510, true],
  ])('sets truncated when it cuts only a path: 1 + %d characters', (length, isCut) => {
    const tree = [processRow({ pid: 1, exe: `/${'x'.repeat(length)}` })];
    expect(endStatus(CLAIM, ended({ tree })).truncated).toBe(isCut);
  });

  test('matches the schema whatever names the pod uses', () => {
    const text = fc.oneof(
      fc.constant('<&>\u2028'.repeat(1000)),
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
