/** Tests the decisions about a Checkpoint that was dispatched, has ended, or is being deleted. */
import { describe, expect, test } from '@jest/globals';
import { RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { decide } from '../../../src/controller/decide.js';
import type { Action } from '../../../src/controller/decision.js';
import type { Settled } from '../../../src/controller/observation.js';
import { dispatchedStatus, endedStatus, refusedStatus, waitingStatus } from '../../../src/controller/status.js';
import { capture, checkpoint, condition, endedAs, node, NOW, pod, settled, under } from './builders.js';

const GONE = { deletionTimestamp: '2026-01-01T00:00:08Z' };
const PROGRESS = { reason: 'Dispatched', message: 'waits for the agent of node node-1' } as const;

function kinds(actions: readonly Action[]): string[] {
  return actions.map(({ kind }) => kind);
}

describe('decide(), dispatched', () => {
  const holding = capture({ spec: { holdSeconds: 60 }, status: under('Holding') });
  const asked = checkpoint({ spec: { holdSeconds: 60 }, metadata: { finalizers: [RELEASE_FINALIZER] } });
  const shown = checkpoint({
    status: dispatchedStatus(checkpoint(), { ...capture().metadata, ...capture() }, PROGRESS, NOW),
  });

  test('copies the result of an ended capture, emits an Event, and removes the finalizers, in this order', () => {
    const { rule, actions } = decide(settled({ checkpoint: asked, capture: capture({ status: endedAs('Captured') }) }));
    expect(rule).toBe('captureEnded');
    expect(kinds(actions)).toEqual([
      'write-status',
      'emit-event',
      'remove-capture-finalizer',
      'remove-checkpoint-finalizer',
    ]);
    expect(actions[0]).toMatchObject({
      endLabels: { result: 'succeeded', reason: 'Captured' },
      status: { pods: [{ pause: '12.345ms', processes: 3, threads: 10, captureName: capture().metadata.name }] },
    });
    expect(actions[1]).toMatchObject({ event: { type: 'Normal', note: 'so it is (pause 12.345ms)' } });
  });

  test('copies an unknown reason, and counts it as InternalError', () => {
    const status = { ...endedAs('Captured'), conditions: [condition('Succeeded', 'False', 'FromTheFuture')] };
    const [write] = decide(settled({ checkpoint: shown, capture: capture({ status }) })).actions;
    expect(write).toMatchObject({ endLabels: { reason: 'InternalError' } });
    expect(JSON.stringify(write)).toContain('FromTheFuture');
  });

  test('ends the capture of a lost agent, and keeps its claim', () => {
    const { rule, actions } = decide(settled({ checkpoint: asked, capture: holding, agent: 'Lost' }));
    expect(rule).toBe('agentLost');
    expect(actions).toMatchObject([
      {
        kind: 'end-capture',
        status: {
          claimedBy: 'agent-1',
          conditions: [{ type: 'Thawed', status: 'Unknown' }, { reason: 'NodeAgentLost' }],
        },
      },
    ]);
  });

  test('claims and ends a capture that a lost agent never began', () => {
    const { actions } = decide(settled({ checkpoint: shown, capture: capture(), agent: 'Lost' }));
    expect(actions).toMatchObject([
      { status: { claimedBy: 'controller', conditions: [{ type: 'Thawed', status: 'True' }, { status: 'False' }] } },
    ]);
  });

  test('accepts the report of an agent that is lost by now', () => {
    const ended = capture({ status: endedAs('Captured') });
    expect(decide(settled({ checkpoint: shown, capture: ended, agent: 'Lost' })).rule).toBe('captureEnded');
  });

  test('shows Holding, and emits one Event about it', () => {
    const first = decide(settled({ checkpoint: asked, capture: holding }));
    expect(kinds(first.actions)).toEqual(['write-status', 'emit-event']);
    const [write] = first.actions;
    const status = write?.kind === 'write-status' ? write.status : undefined;
    expect(decide(settled({ checkpoint: { ...asked, ...(status && { status }) }, capture: holding })).actions).toEqual(
      [],
    );
  });

  test.each([
    ['a moment', '2026-01-01T00:00:10Z', []],
    ['longer', '2026-01-01T00:00:06Z', ['write-status']],
  ])('shows Capturing only when it takes more than %s', (_what, startTime, expected) => {
    const capturing = capture({ status: under('Capturing', startTime) });
    const decision = decide(settled({ checkpoint: shown, capture: capturing }));
    expect(kinds(decision.actions)).toEqual(expected);
    expect(decision.againAfterMilliseconds !== undefined).toBe(expected.length === 0);
  });

  const NEW = '2026-01-01T00:00:06Z';
  const OLD = '2026-01-01T00:00:04Z';
  const ends: [string, string | undefined, Partial<Settled>][] = [
    ['nothing is known', undefined, {}],
    ['the pod is as it was', undefined, { pod: { known: true, object: pod() } }],
    ['the pod is gone', 'podGone', { pod: { known: true, object: undefined } }],
    ['the pod is another one', 'podReplaced', { pod: { known: true, object: pod({ metadata: { uid: 'x' } }) } }],
    ['the pod is being deleted', 'podTerminating', { pod: { known: true, object: pod({ metadata: GONE }) } }],
    ['the node is gone', undefined, { node: { known: true, object: undefined } }],
    [
      'the node was cordoned after the capture began',
      'nodeDrained',
      {
        node: {
          known: true,
          object: node({
            unschedulable: true,
            taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: NEW }],
          }),
        },
      },
    ],
    [
      'the node was cordoned after the capture began, and has no taint yet',
      'nodeDrained',
      {
        node: { known: true, object: node({ unschedulable: true }) },
      },
    ],
    [
      'the node was cordoned before the capture began',
      undefined,
      {
        node: {
          known: true,
          object: node({
            unschedulable: true,
            taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: OLD }],
          }),
        },
      },
    ],
    [
      'the node got a NoExecute taint after the capture began',
      'nodeDrained',
      {
        node: { known: true, object: node({ taints: [{ key: 'mine', effect: 'NoExecute' }] }) },
      },
    ],
    [
      'the node had a NoExecute taint before the capture began',
      undefined,
      {
        node: { known: true, object: node({ taints: [{ key: 'mine', effect: 'NoExecute', timeAdded: OLD }] }) },
      },
    ],
  ];

  test.each(ends)('decides whether a hold ends when %s', (_what, rule, parts) => {
    const decision = decide(settled({ checkpoint: asked, capture: holding, ...parts }));
    expect(decision.rule).toBe(rule ?? 'progress');
    const lowered = decision.actions.some((action) => action.kind === 'lower-hold' && action.holdSeconds === 0);
    expect(lowered).toBe(rule !== undefined);
  });

  test('passes on a hold that its author lowered', () => {
    const lowered = checkpoint({ ...asked, spec: { ...asked.spec, holdSeconds: 20 } });
    expect(decide(settled({ checkpoint: lowered, capture: holding })).actions).toEqual([
      { kind: 'lower-hold', holdSeconds: 20 },
    ]);
  });
});

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

  test('records a new generation that changes nothing', () => {
    const { actions } = decide(settled({ checkpoint: done({ metadata: { generation: 2 } }), capture: finished }));
    expect(actions).toMatchObject([{ kind: 'write-status', status: { observedGeneration: 2 } }]);
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
    const status = dispatchedStatus(checkpoint(), { name: 'x', spec: capture().spec }, PROGRESS, NOW);
    const { rule, actions } = decide(settled({ checkpoint: checkpoint({ status }) }));
    expect(rule).toBe('captureVanished');
    expect(actions[0]).toMatchObject({ endLabels: { result: 'failed', reason: 'Cancelled' } });
  });

  test('keeps startTime, and the row with the UID that was recorded first', () => {
    const row = { podName: 'web-0', podUID: 'former', nodeName: 'node-1' };
    const waiting = checkpoint({ status: waitingStatus(checkpoint(), row, '', NOW - 5000) });
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
