/** Tests the decisions about a Checkpoint that was dispatched, has ended, or is being deleted. */
import { describe, expect, test } from '@jest/globals';
import { RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { decide } from '../../../src/controller/decide.js';
import type { Action } from '../../../src/controller/decision.js';
import type { Settled } from '../../../src/controller/observation.js';
import { dispatchedStatus, endedStatus, refusedStatus, waitingStatus } from '../../../src/controller/status.js';
import {
  capture,
  checkpoint,
  condition,
  endedAs,
  node,
  NOW,
  pod,
  running,
  settled,
  SETTINGS,
  under,
} from './builders.js';

const GONE = { deletionTimestamp: '2026-01-01T00:00:08Z' };
const PROGRESS = { reason: 'Dispatched', message: 'waits for the agent of node node-1' } as const;

function kinds(actions: readonly Action[]): string[] {
  return actions.map(({ kind }) => kind);
}

describe('decide(), dispatched', () => {
  const holding = capture({ spec: { hold: { seconds: 60 } }, status: under('Holding') });
  const asked = checkpoint({ spec: { hold: { seconds: 60 } }, metadata: { finalizers: [RELEASE_FINALIZER] } });
  const shown = checkpoint({
    status: dispatchedStatus(checkpoint(), capture(), PROGRESS, NOW),
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
          conditions: [
            { type: 'Held', status: 'False' },
            { type: 'Released', status: 'Unknown' },
            { reason: 'NodeAgentLost' },
          ],
        },
      },
    ]);
  });

  test('claims and ends a capture that a lost agent never began', () => {
    const { actions } = decide(settled({ checkpoint: shown, capture: capture(), agent: 'Lost' }));
    expect(actions).toMatchObject([
      { status: { claimedBy: 'controller', conditions: [{ type: 'Released', status: 'True' }, { status: 'False' }] } },
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
    ['the pod is gone', 'PodNotFound', { pod: { known: true, object: undefined } }],
    ['the pod is another one', 'PodReplaced', { pod: { known: true, object: pod({ metadata: { uid: 'x' } }) } }],
    ['the pod is being deleted', 'PodTerminating', { pod: { known: true, object: pod({ metadata: GONE }) } }],
    [
      'a held container was restarted',
      'ContainerEnded',
      {
        pod: {
          known: true,
          object: pod({ status: { containerStatuses: [running('app', 'zzz'), running('log', 'bbb')] } }),
        },
      },
    ],
    ['the node is gone', undefined, { node: { known: true, object: undefined } }],
    [
      'the node was cordoned after the capture began',
      'NodeDrained',
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
      'NodeDrained',
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
      'the node has a NoExecute taint that has the pod leave',
      'NodeDrained',
      { node: { known: true, object: node({ taints: [{ key: 'mine', effect: 'NoExecute' }] }) } },
    ],
    [
      'the node has a NoExecute taint that the pod tolerates',
      undefined,
      {
        node: { known: true, object: node({ taints: [{ key: 'dedicated', value: 'x', effect: 'NoExecute' }] }) },
        pod: { known: true, object: pod({ spec: { tolerations: [{ key: 'dedicated', value: 'x' }] } }) },
      },
    ],
    [
      'the node has a NoExecute taint of another value than the pod tolerates',
      'NodeDrained',
      {
        node: { known: true, object: node({ taints: [{ key: 'dedicated', value: 'y', effect: 'NoExecute' }] }) },
        pod: { known: true, object: pod({ spec: { tolerations: [{ key: 'dedicated', value: 'x' }] } }) },
      },
    ],
    [
      'the node has a NoExecute taint, and the pod tolerates everything',
      undefined,
      {
        node: { known: true, object: node({ taints: [{ key: 'any', effect: 'NoExecute' }] }) },
        pod: { known: true, object: pod({ spec: { tolerations: [{ operator: 'Exists' }] } }) },
      },
    ],
    [
      'the node was cordoned by a taint without time, as nobody but a person writes it',
      undefined,
      {
        node: {
          known: true,
          object: node({
            unschedulable: true,
            taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
          }),
        },
      },
    ],
  ];

  test.each(ends)('decides whether a hold ends when %s', (_what, rule, parts) => {
    const present = { known: true, object: pod() } as const;
    const decision = decide(settled({ checkpoint: asked, capture: holding, pod: present, ...parts }));
    expect(decision.rule).toBe(rule ?? 'progress');
    const released = decision.actions.find((action) => action.kind === 'release-hold');
    expect(released?.releaseReason).toBe(rule);
  });

  test('passes on the release that the author asked for, once', () => {
    const released = checkpoint({ ...asked, spec: { ...asked.spec, hold: { seconds: 60, release: true } } });
    expect(decide(settled({ checkpoint: released, capture: holding })).actions).toEqual([
      { kind: 'release-hold', releaseReason: 'ReleaseRequested' },
    ]);
    const passedOn = capture({ ...holding, spec: { hold: { seconds: 60, releaseReason: 'ReleaseRequested' } } });
    expect(decide(settled({ checkpoint: released, capture: passedOn })).rule).toBe('progress');
  });

  test('shows what the agent reports of the hold, and until when it lasts', () => {
    const holdUntil = '2026-01-01T00:01:06.000000Z';
    const heldFrom = '2026-01-01T00:00:06.000000Z';
    const status = {
      ...under('Holding'),
      heldFrom,
      holdUntil,
      conditions: [condition('Succeeded', 'Unknown', 'Holding'), condition('Held', 'True', 'Holding')],
    };
    const [write, event] = decide(settled({ checkpoint: asked, capture: capture({ ...holding, status }) })).actions;
    expect(write).toMatchObject({ status: { heldFrom, holdUntil, pods: [{ state: 'Holding', reason: 'Holding' }] } });
    expect(write?.kind === 'write-status' && write.status.conditions?.find(({ type }) => type === 'Held')?.status).toBe(
      'True',
    );
    expect(event).toMatchObject({ event: { note: expect.stringContaining(holdUntil) as unknown } });
  });

  test('ends a capture that nobody has begun by the starting deadline', () => {
    const late = NOW + 591_000;
    const { rule, actions } = decide(settled({ checkpoint: shown, capture: capture(), now: late }));
    expect(rule).toBe('notBegun');
    expect(actions).toMatchObject([
      {
        kind: 'end-capture',
        status: {
          claimedBy: 'controller',
          conditions: [{ reason: 'NothingTouched' }, { reason: 'StartingDeadlineExceeded' }],
        },
      },
    ]);
    expect(decide(settled({ checkpoint: shown, capture: capture(), now: late - 1 })).rule).toBe('progress');
    expect(
      decide(settled({ checkpoint: shown, capture: capture({ status: under('Capturing') }), now: late })).rule,
    ).toBe('progress');
  });

  test('tells of a node without a free slot, in one Event', () => {
    const message = '4 captures run';
    const busy = capture({ status: { conditions: [condition('Succeeded', 'Unknown', 'NodeBusy', message)] } });
    const { actions } = decide(settled({ checkpoint: shown, capture: busy }));
    expect(actions).toMatchObject([
      { kind: 'write-status', status: { pods: [{ state: 'Dispatched', reason: 'NodeBusy', message }] } },
      { kind: 'emit-event', event: { type: 'Warning', reason: 'NodeBusy' } },
    ]);
    const [write] = actions;
    const told = checkpoint({ status: write?.kind === 'write-status' ? write.status : {} });
    expect(decide(settled({ checkpoint: told, capture: busy })).actions).toEqual([]);
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

  test('records a new generation that changes nothing else', () => {
    const { actions } = decide(settled({ checkpoint: done({ metadata: { generation: 2 } }), capture: finished }));
    expect(actions).toMatchObject([{ kind: 'write-status', status: { observedGeneration: 2 } }]);
  });

  test('brings the conditions of an end that an earlier version wrote up to date, once', () => {
    const { status } = done();
    const old = checkpoint({
      status: {
        ...status,
        conditions: [condition('Succeeded', 'True', 'Captured'), condition('Dispatched', 'True', 'Dispatched')],
      },
    });
    const [write] = decide(settled({ checkpoint: old, capture: finished })).actions;
    expect(write).toMatchObject({
      kind: 'write-status',
      status: {
        conditions: [
          { type: 'Succeeded', observedGeneration: 1 },
          { type: 'Dispatched' },
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
  ])('never deletes what a tool would make again: %j', (metadata) => {
    const subject = done({ spec: { ttlSecondsAfterFinished: 0 }, metadata });
    expect(decide(settled({ checkpoint: subject, capture: finished, isExcess: true })).actions).toEqual([]);
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
