import { describe, expect, test } from '@jest/globals';
import { judge, stepAgent, stepSight, type AgentRecord } from '../../../src/controller/agent-liveness.js';
import type { AgentState } from '../../../src/controller/observation.js';
import type { Lease } from '../../../src/kube/lease.js';

const WALL = Date.parse('2026-01-01T00:10:00Z');
const BLIND = 15_000;

function lease(renewTime: string, more: Partial<Lease['metadata']> & { readonly holderIdentity?: string } = {}): Lease {
  const { holderIdentity = 'agent', ...metadata } = more;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'stasis-node-a', uid: 'u', resourceVersion: '1', creationTimestamp: '', ...metadata },
    spec: { holderIdentity, renewTime, leaseDurationSeconds: 40 },
  };
}

function seen(before: AgentRecord | undefined, at: number, ...args: Parameters<typeof lease>): AgentRecord {
  return stepAgent(before, { kind: 'lease', lease: lease(...args), wall: WALL }, at);
}

function judged(record: AgentRecord | undefined, since: number, heard: number, now = heard): AgentState {
  return judge(record, { since, heard }, now, BLIND);
}

describe('stepSight()', () => {
  test('goes on through a silence, and begins anew after a longer one', () => {
    const first = stepSight(undefined, 100, BLIND);
    expect(first).toEqual({ since: 100, heard: 100 });
    const second = stepSight(first, 15_100, BLIND);
    expect(second).toEqual({ since: 100, heard: 15_100 });
    expect(stepSight(second, 30_101, BLIND)).toEqual({ since: 30_101, heard: 30_101 });
  });
});

describe('judge()', () => {
  test('knows nothing before anything was heard, and while nothing is heard', () => {
    const alive = seen(undefined, 0, '2026-01-01T00:10:00Z');
    expect(judge(alive, undefined, 0, BLIND)).toBe('Unknown');
    expect(judged(alive, 0, 0, 15_000)).toBe('Alive');
    expect(judged(alive, 0, 0, 15_001)).toBe('Unknown');
  });

  test('expects an agent that its own clock says has just renewed, for the rest of its time', () => {
    const record = seen(undefined, 0, '2026-01-01T00:09:50.000000Z');
    expect(judged(record, 0, 30_000)).toBe('Alive');
    expect(judged(record, 0, 30_001)).toBe('Unknown');
    expect(judged(record, 0, 40_000)).toBe('Unknown');
    expect(judged(record, 0, 40_001)).toBe('Lost');
  });

  test.each([
    ['is days old', '2025-12-30T00:00:00Z'],
    ['comes from a clock that is far ahead', '2026-01-01T01:00:00Z'],
    ['has no time', ''],
  ])('waits for a whole duration when the first Lease that it sees %s', (_what, renewTime) => {
    const record = seen(undefined, 0, renewTime);
    expect([0, 40_000, 40_001].map((now) => judged(record, 0, now))).toEqual(['Unknown', 'Unknown', 'Lost']);
  });

  test('counts a change that it sees, whatever the clock of the node says', () => {
    const before = seen(undefined, 0, '2020-01-01T00:00:00Z');
    const after = seen(before, 5_000, '2020-01-01T00:00:10Z');
    expect([5_000, 45_000, 45_001].map((now) => judged(after, 0, now))).toEqual(['Alive', 'Alive', 'Lost']);
  });

  test('does not count a change of a label', () => {
    const before = seen(undefined, 0, '2020-01-01T00:00:00Z');
    expect(seen(before, 5_000, '2020-01-01T00:00:00Z', { resourceVersion: '2', labels: { a: 'b' } })).toBe(before);
  });

  test('gives an agent its whole time again from the first sight after it was blind', () => {
    const before = seen(undefined, 0, '2020-01-01T00:00:00Z');
    const record = seen(before, 5_000, '2020-01-01T00:00:10Z');
    // Blind from 6 s to 300 s.
    expect([300_000, 340_000, 340_001].map((now) => judged(record, 300_000, now))).toEqual([
      'Unknown',
      'Unknown',
      'Lost',
    ]);
  });

  test('calls nobody lost before something was heard after the time was over', () => {
    const record = seen(undefined, 0, '2020-01-01T00:00:00Z');
    expect([judged(record, 0, 39_000, 41_000), judged(record, 0, 41_000)]).toEqual(['Unknown', 'Lost']);
  });

  test('waits for the time of a rolling update when there is no agent', () => {
    const asked = stepAgent(undefined, { kind: 'asked' }, 1_000);
    expect([1_000, 41_000, 41_001].map((now) => judged(asked, 0, now))).toEqual(['Away', 'Away', 'Lost']);
    expect(stepAgent(asked, { kind: 'asked' }, 9_000)).toBe(asked);
    const alive = seen(asked, 41_001, '2026-01-01T00:10:00Z');
    expect(judged(alive, 0, 41_001)).toBe('Alive');
    for (const left of [
      stepAgent(alive, { kind: 'gone' }, 50_000),
      seen(alive, 50_000, 'released', { holderIdentity: '' }),
    ])
      expect([50_000, 90_000, 90_001].map((now) => judged(left, 0, now))).toEqual(['Away', 'Away', 'Lost']);
    expect(judged(undefined, 0, 0)).toBe('Away');
  });
});
