/** Tests the decisions about a Checkpoint that has ended or is being deleted, and about a PodCapture without Checkpoint. */
import { describe, expect, test } from '@jest/globals';
import { RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { decide } from '../../../src/controller/decide.js';
import type { Action } from '../../../src/controller/decision.js';
import type { Settled } from '../../../src/controller/observation.js';
import { dispatchedStatus, endedStatus, refusedStatus, waitingStatus } from '../../../src/controller/status.js';
import { capture, checkpoint, condition, endedAs, NOW, settled, SETTINGS } from './builders.js';

const GONE = { deletionTimestamp: '2026-01-01T00:00:08Z' };
const PROGRESS = { reason: 'Dispatched', message: 'waits for the agent of node node-1' } as const;

function kinds(actions: readonly Action[]): string[] {
  return actions.map(({ kind }) => kind);
}

describe('decide(), Checkpoint being deleted', () => {
  const going = checkpoint({ metadata: { ...GONE, finalizers: [RELEASE_FINALIZER] } });
  const open = checkpoint({ metadata: GONE });
  const rows: [string, Partial<Settled>, string[]][] = [
    ['with the finalizer, while the capture runs', { checkpoint: going, capture: capture() }, ['delete-capture']],
    [
      'with the finalizer, while the capture is being cancelled',
      { checkpoint: going, capture: capture({ metadata: GONE }) },
      [],
    ],
    ['with the finalizer, without a capture', { checkpoint: going }, ['remove-checkpoint-finalizer']],
    ['without the finalizer, while the capture runs', { checkpoint: open, capture: capture() }, ['delete-capture']],
    ['without the finalizer and without a capture', { checkpoint: open }, []],
    [
      'with the finalizer, after the capture ended',
      { checkpoint: going, capture: capture({ metadata: GONE, status: endedAs('Cancelled', 'False') }) },
      ['write-status', 'emit-event', 'remove-capture-finalizer', 'remove-checkpoint-finalizer'],
    ],
  ];

  test.each(rows)('releases the pod first: %s', (_what, parts, expected) => {
    expect(kinds(decide(settled(parts)).actions)).toEqual(expected);
  });

  test.each([
    ['Normal', going],
    // Somebody else has deleted the PodCapture.
    ['Warning', checkpoint({ metadata: { finalizers: [RELEASE_FINALIZER] } })],
  ])('tells of the cancellation with an Event of type %s', (type, subject) => {
    const { actions } = decide(
      settled({ checkpoint: subject, capture: capture({ status: endedAs('Cancelled', 'False') }) }),
    );
    expect(actions).toContainEqual(expect.objectContaining({ event: expect.objectContaining({ type }) }));
  });
});

function done(parts: Parameters<typeof checkpoint>[0] = {}) {
  return checkpoint({ ...parts, status: endedStatus(checkpoint(), capture({ status: endedAs('Captured') }), NOW) });
}

describe('decide(), Checkpoint that has ended', () => {
  const finished = capture({ status: endedAs('Captured'), metadata: { finalizers: [] } });

  test('does nothing more', () => {
    expect(decide(settled({ checkpoint: done(), capture: finished }))).toEqual({ rule: 'finished', actions: [] });
  });

  test('removes the finalizers that a crash left', () => {
    const subject = done({ metadata: { finalizers: ['others/own', RELEASE_FINALIZER] } });
    const { actions } = decide(settled({ checkpoint: subject, capture: capture({ status: endedAs('Captured') }) }));
    expect(kinds(actions)).toEqual(['remove-capture-finalizer', 'remove-checkpoint-finalizer']);
  });

  test('records a new generation that changes nothing else', () => {
    const { actions } = decide(settled({ checkpoint: done({ metadata: { generation: 2 } }), capture: finished }));
    expect(actions).toMatchObject([{ kind: 'write-status', status: { observedGeneration: 2 } }]);
  });

  test('brings the conditions of an end that an earlier version wrote up to date, once', () => {
    const { status } = done();
    const old = checkpoint({
      status: {
        ...status,
        conditions: [
          condition('Succeeded', 'True', 'Captured'),
          condition('Dispatched', 'True', 'Dispatched'),
          { ...condition('Released', 'True', 'FreezersRestored'), type: 'Thawed' },
        ],
      },
    });
    const [write] = decide(settled({ checkpoint: old, capture: finished })).actions;
    expect(write).toMatchObject({
      kind: 'write-status',
      status: {
        conditions: [
          { type: 'Succeeded', observedGeneration: 1 },
          { type: 'Dispatched' },
          { type: 'Released', status: 'True', reason: 'FreezersRestored' },
          { type: 'Finished', status: 'True', reason: 'Captured' },
          { type: 'Reconciling', status: 'False' },
        ],
        pods: [{ state: 'Succeeded' }],
      },
    });
    const now = checkpoint({ status: write?.kind === 'write-status' ? write.status : {} });
    expect(decide(settled({ checkpoint: now, capture: finished })).actions).toEqual([]);
  });

  test('keeps the conditions of an end about the current generation', () => {
    const subject = done({ metadata: { generation: 2 } });
    const [write] = decide(settled({ checkpoint: subject, capture: finished })).actions;
    const conditions = write?.kind === 'write-status' ? (write.status.conditions ?? []) : [];
    expect(conditions.map(({ observedGeneration }) => observedGeneration)).toEqual(conditions.map(() => 2));
    expect(conditions.length).toBeGreaterThan(3);
  });

  test('obeys the time to live of the installation, unless the Checkpoint has its own', () => {
    const settings = { ...SETTINGS, defaultTTLSeconds: 0 };
    expect(decide(settled({ checkpoint: done(), capture: finished, settings })).rule).toBe('timeToLive');
    const own = done({ spec: { ttlSecondsAfterFinished: 60 } });
    expect(decide(settled({ checkpoint: own, capture: finished, settings })).rule).toBe('finished');
  });

  test('deletes what the limit of the history lets go', () => {
    expect(kinds(decide(settled({ checkpoint: done(), capture: finished, isExcess: true })).actions)).toEqual([
      'delete-checkpoint',
    ]);
  });

  test.each([
    { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } },
    { labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } },
    { labels: { 'helm.toolkit.fluxcd.io/name': 'x' } },
  ])('leaves what a tool would make again to the limit of the history: %j', (metadata) => {
    const subject = done({ spec: { ttlSecondsAfterFinished: 0 }, metadata });
    const settings = { ...SETTINGS, defaultTTLSeconds: 0 };
    expect(decide(settled({ checkpoint: subject, capture: finished, settings })).actions).toEqual([]);
    // Anybody can set these marks, so the limit of the history counts all the same.
    const { actions } = decide(settled({ checkpoint: subject, capture: finished, isExcess: true }));
    expect(kinds(actions)).toEqual(['delete-checkpoint']);
  });

  test.each([
    [0, ['delete-checkpoint'], undefined],
    [60, [], 61_000],
    [31_536_000, [], 3_600_000],
  ])('keeps the Checkpoint for %d s', (ttlSecondsAfterFinished, expected, again) => {
    const decision = decide(settled({ checkpoint: done({ spec: { ttlSecondsAfterFinished } }), capture: finished }));
    expect(kinds(decision.actions)).toEqual(expected);
    expect(decision.againAfterMilliseconds).toBe(again);
  });

  test('cancels a capture that still runs although a forged status says that the Checkpoint ended', () => {
    expect(kinds(decide(settled({ checkpoint: done(), capture: capture() })).actions)).toEqual(['delete-capture']);
  });

  test('ends the Checkpoint as Cancelled when its PodCapture is gone without a report', () => {
    const status = dispatchedStatus(checkpoint(), capture(), PROGRESS, NOW);
    const { rule, actions } = decide(settled({ checkpoint: checkpoint({ status }) }));
    expect(rule).toBe('captureVanished');
    expect(actions[0]).toMatchObject({ endLabels: { result: 'failed', reason: 'Cancelled' } });
  });

  test('keeps startTime, and the row with the UID that was recorded first', () => {
    const row = { podName: 'web-0', podUID: 'former', nodeName: 'node-1' };
    const waiting = checkpoint({
      status: waitingStatus(checkpoint(), { reason: 'PodBusy', message: '' }, row, NOW - 5000),
    });
    const status = refusedStatus(waiting, { reason: 'PodReplaced', message: '' }, { ...row, podUID: 'new' }, NOW);
    expect(status).toMatchObject({ startTime: '2026-01-01T00:00:05Z', pods: [row] });
  });
});

describe('decide(), PodCapture without Checkpoint', () => {
  test.each([
    ['running', capture(), 'Alive', ['delete-capture']],
    ['being cancelled', capture({ metadata: GONE }), 'Alive', []],
    ['of a lost agent', capture({ metadata: GONE }), 'Lost', ['end-capture']],
    ['ended', capture({ status: endedAs('Captured') }), 'Alive', ['remove-capture-finalizer']],
    ['ended and free', capture({ status: endedAs('Captured'), metadata: { finalizers: [] } }), 'Lost', []],
  ] as const)('%s', (_what, orphan, agent, expected) => {
    const { actions } = decide({ stage: 'Orphan', now: NOW, capture: orphan, agent });
    expect(kinds(actions)).toEqual(expected);
  });
});
