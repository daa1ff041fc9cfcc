/** Tests the decisions about a Checkpoint that was dispatched, has ended, or is being deleted. */
import { describe, expect, test } from '@jest/globals';
import { RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { decide } from '../../../src/controller/decide.js';
import type { Action } from '../../../src/controller/decision.js';
import type { Settled } from '../../../src/controller/observation.js';
import { dispatchedStatus } from '../../../src/controller/status.js';
import { capture, checkpoint, condition, endedAs, NOW, pod, running, settled, under } from './builders.js';

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

  test('shows nothing of a capture that may end before anybody could read it', () => {
    const young = { checkpoint: checkpoint(), dispatchedFor: 100 };
    for (const early of [capture(), capture({ status: under('Capturing') })]) {
      const decision = decide(settled({ ...young, capture: early }));
      expect(decision).toEqual({ rule: 'progress', actions: [], againAfterMilliseconds: 200 });
    }
    expect(kinds(decide(settled({ ...young, capture: holding })).actions)).toContain('write-status');
    expect(kinds(decide(settled({ ...young, dispatchedFor: 300, capture: capture() })).actions)).toEqual([
      'write-status',
    ]);
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
    const late = NOW + 601_000;
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
