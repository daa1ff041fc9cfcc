/** Tests the decisions about a Checkpoint that is not dispatched, and the order of the refusals. */
import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/controller/decide.js';
import type { Action } from '../../../src/controller/decision.js';
import type { Undispatched } from '../../../src/controller/observation.js';
import type { Pod } from '../../../src/controller/resources.js';
import { waitingStatus } from '../../../src/controller/status.js';
import { checkpoint, NOW, objectionsTo, pod, running, SETTINGS, undispatched } from './builders.js';

const BUSY = { reason: 'PodBusy', message: 'others come first' } as const;
const GONE = { deletionTimestamp: '2026-01-01T00:00:08Z' };
function kinds(actions: readonly Action[]): string[] {
  return actions.map(({ kind }) => kind);
}

describe('decide(), Checkpoint not dispatched', () => {
  const refused: [string, string, Partial<Undispatched>][] = [
    ['in an excluded namespace', 'NamespaceExcluded', { settings: { ...SETTINGS, excludedNamespaces: ['shop'] } }],
    [
      'in an excluded namespace, and missing',
      'NamespaceExcluded',
      {
        settings: { ...SETTINGS, excludedNamespaces: ['sh*'] },
        pod: undefined,
      },
    ],
    ['missing', 'PodNotFound', { pod: undefined }],
    [
      'replaced while the Checkpoint waited',
      'PodReplaced',
      {
        checkpoint: checkpoint({
          status: waitingStatus(checkpoint(), BUSY, { podName: 'web-0', podUID: 'former', nodeName: 'node-1' }, NOW),
        }),
      },
    ],
    [
      'one of Stasis',
      'StasisPod',
      {
        pod: pod({ metadata: { namespace: 'stasis-system', labels: { 'app.kubernetes.io/name': 'stasis' } } }),
      },
    ],
    [
      'a static pod',
      'HostLevelPod',
      { pod: pod({ metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }) },
    ],
    [
      'of priority class system-node-critical',
      'HostLevelPod',
      { pod: pod({ spec: { priorityClassName: 'system-node-critical' } }) },
    ],
    ['hostPID', 'HostLevelPod', { pod: pod({ spec: { hostPID: true } }) }],
    ['hostNetwork', 'HostLevelPod', { pod: pod({ spec: { hostNetwork: true } }) }],
    [
      'without the named container',
      'ContainerNotFound',
      { checkpoint: checkpoint({ spec: { containers: ['app', 'nope'] } }) },
    ],
    [
      'without the named container, and being deleted',
      'ContainerNotFound',
      {
        checkpoint: checkpoint({ spec: { containers: ['nope'] } }),
        pod: pod({ metadata: GONE }),
      },
    ],
    ['being deleted', 'PodTerminating', { pod: pod({ metadata: GONE }) }],
    [
      'being deleted, and not running',
      'PodTerminating',
      { pod: pod({ metadata: GONE, status: { phase: 'Succeeded' } }) },
    ],
    ['not assigned to a node', 'PodNotRunning', { pod: pod({ spec: { nodeName: '' }, status: { phase: 'Pending' } }) }],
    ['finished', 'PodNotRunning', { pod: pod({ status: { phase: 'Succeeded' } }) }],
    [
      'without the named container running',
      'ContainerNotRunning',
      {
        checkpoint: checkpoint({ spec: { containers: ['log'] } }),
        pod: pod({ status: { containerStatuses: [running('app', 'aaa'), { name: 'log', state: {} }] } }),
      },
    ],
    ['without a running container', 'ContainerNotRunning', { pod: pod({ status: { containerStatuses: [] } }) }],
    [
      'in a Checkpoint that was restored from a backup',
      'RestoredFromBackup',
      { checkpoint: checkpoint({ metadata: { labels: { 'velero.io/restore-name': 'nightly' } } }) },
    ],
    ['in a sandbox', 'SandboxedRuntime', { runtimeHandler: 'kata-qemu' }],
    [
      'to be held for longer than its probe allows',
      'ProbeWouldKill',
      {
        checkpoint: checkpoint({ spec: { hold: { seconds: 21 } } }),
        pod: pod({ spec: { containers: [{ name: 'app', livenessProbe: { timeoutSeconds: 1 } }] } }),
      },
    ],
    [
      'to be held for longer than its probe allows, in a dry run',
      'ProbeWouldKill',
      {
        checkpoint: checkpoint({ spec: { hold: { seconds: 21 }, dryRun: true } }),
        pod: pod({ spec: { containers: [{ name: 'app', livenessProbe: { timeoutSeconds: 1 } }] } }),
      },
    ],
  ];

  test.each(refused)('refuses a pod that is %s', (_what, reason, parts) => {
    const { rule, actions } = decide(undispatched(parts));
    const { hold, dryRun } = parts.checkpoint?.spec ?? {};
    const holds = hold !== undefined && dryRun !== true;
    expect(rule).toBe(reason);
    expect(kinds(actions)).toEqual(['write-status', 'emit-event']);
    const [write] = actions;
    expect(objectionsTo(write?.kind === 'write-status' ? write.status : undefined)).toEqual([]);
    expect(actions[0]).toMatchObject({
      endLabels: { result: 'failed', reason },
      status: {
        completionTime: '2026-01-01T00:00:10Z',
        conditions: [
          { type: 'Dispatched', status: 'False', reason },
          ...(holds ? [{ type: 'Held', status: 'False', reason }] : []),
          { type: 'Released', status: 'True', message: 'Nothing was touched.' },
          { type: 'Succeeded', status: 'False', reason },
          { type: 'Finished', status: 'True', reason },
          { type: 'Reconciling', status: 'False' },
          { type: 'Stalled', status: 'True' },
        ],
      },
    });
  });

  test('does not treat a labelled pod of another namespace as one of Stasis', () => {
    const labels = { 'app.kubernetes.io/name': 'stasis' };
    expect(decide(undispatched({ pod: pod({ metadata: { labels } }) })).rule).toBe('Dispatched');
  });

  test('lists the existing containers', () => {
    const { actions } = decide(undispatched({ checkpoint: checkpoint({ spec: { containers: ['nope'] } }) }));
    expect(JSON.stringify(actions)).toContain('pod web-0 has no container nope; it has app, log');
  });

  test('waits behind other Checkpoints, and records the UID of the pod', () => {
    const predecessor = { kind: 'PodCapture', name: 'other' } as const;
    const { rule, actions } = decide(undispatched({ predecessor }));
    expect(rule).toBe('PodBusy');
    expect(actions).toMatchObject([{ kind: 'write-status', status: { pods: [{ podUID: 'pod-uid-1' }] } }]);
    const [write] = actions;
    const status = write?.kind === 'write-status' ? write.status : undefined;
    expect(decide(undispatched({ predecessor, checkpoint: checkpoint({ status }) })).actions).toEqual([]);
  });

  test.each([
    ['Away', 'waits for an agent of Stasis on node node-1: none runs there now'],
    ['Unknown', 'which this controller has not been able to see yet'],
    ['Lost', 'waits for the agent of node node-1, which gives no sign of life'],
  ] as const)('waits for an agent that is %s, tells so at once, and ends at its deadline', (agent, message) => {
    const { rule, actions, againAfterMilliseconds } = decide(undispatched({ agent }));
    expect(rule).toBe('NodeAgentUnavailable');
    expect(actions).toMatchObject([
      { kind: 'write-status', status: { pods: [{ state: 'Waiting', reason: 'NodeAgentUnavailable' }] } },
      { kind: 'emit-event', event: { type: 'Warning', reason: 'NodeAgentUnavailable' } },
    ]);
    expect(JSON.stringify(actions)).toContain(message);
    expect(againAfterMilliseconds).toBe(10_000);
    const [write] = actions;
    const waiting = checkpoint({ status: write?.kind === 'write-status' ? write.status : {} });
    expect(decide(undispatched({ agent, checkpoint: waiting })).actions).toEqual([]);
    const late = decide(undispatched({ agent, checkpoint: waiting, now: NOW + 601_000 }));
    expect(late.actions[0]).toMatchObject({ endLabels: { result: 'failed', reason: 'NodeAgentUnavailable' } });
  });

  test('ends at its deadline what waits behind others of its pod, with what it waited for', () => {
    const predecessor = { kind: 'Checkpoint', name: 'other' } as const;
    const own = checkpoint({ spec: { startingDeadlineSeconds: 30 } });
    const first = decide(undispatched({ predecessor, checkpoint: own }));
    expect(first.againAfterMilliseconds).toBe(31_000);
    const [written] = first.actions;
    const seen = checkpoint({ ...own, status: written?.kind === 'write-status' ? written.status : {} });
    const { actions } = decide(undispatched({ predecessor, checkpoint: seen, now: NOW + 31_000 }));
    expect(actions[0]).toMatchObject({ endLabels: { reason: 'StartingDeadlineExceeded' } });
    expect(JSON.stringify(actions[0])).toContain('other Checkpoints of pod web-0 come first');
  });

  test('counts the deadline from when a controller saw the Checkpoint, whose clock may be wrong, or from an old creation', () => {
    const agent = 'Away' as const;
    const own = checkpoint({ spec: { startingDeadlineSeconds: 30 } });
    // The Checkpoint was created 10 s before NOW: the clock is 30 s ahead, behind, and the controller was away for 2 minutes.
    for (const [at, rule] of [
      [NOW + 30_000, 'write-status'],
      [NOW - 30_000, 'write-status'],
      [NOW + 120_000, 'end'],
    ] as const) {
      const [write] = decide(undispatched({ agent, checkpoint: own, now: at })).actions;
      expect(write?.kind === 'write-status' && write.endLabels !== undefined).toBe(rule === 'end');
    }
  });

  test('does not end a fresh Checkpoint whose startTime a former leader with a slow clock wrote', () => {
    const own = checkpoint({ spec: { startingDeadlineSeconds: 600 } });
    const status = waitingStatus(own, { reason: 'NodeAgentUnavailable', message: 'x' }, undefined, NOW - 660_000);
    const { actions } = decide(undispatched({ agent: 'Away', checkpoint: { ...own, status } }));
    expect(actions.some((action) => action.kind === 'write-status' && action.endLabels !== undefined)).toBe(false);
  });

  test('does nothing about a Checkpoint in the queue until its deadline', () => {
    const row = { podName: 'web-0', podUID: 'pod-uid-1', nodeName: 'node-1' };
    const queued = checkpoint({ status: waitingStatus(checkpoint(), BUSY, row, NOW) });
    expect(decide({ stage: 'Queued', checkpoint: queued, now: NOW })).toMatchObject({
      actions: [],
      againAfterMilliseconds: 601_000,
    });
    const [write] = decide({ stage: 'Queued', checkpoint: queued, now: NOW + 601_000 }).actions;
    expect(write).toMatchObject({ endLabels: { reason: 'StartingDeadlineExceeded' }, status: { pods: [row] } });
  });

  test('remembers a release that was asked for while it waited, also after the first manifest was applied again', () => {
    const row = { podName: 'web-0', podUID: 'pod-uid-1', nodeName: 'node-1' };
    const released = checkpoint({ spec: { hold: { seconds: 60, release: true } } });
    const status = waitingStatus(released, BUSY, row, NOW);
    expect(status.conditions?.find(({ type }) => type === 'Held')).toMatchObject({
      status: 'False',
      reason: 'ReleaseRequested',
    });
    const again = checkpoint({ spec: { hold: { seconds: 60, release: false } }, status });
    const create = decide(undispatched({ checkpoint: again })).actions.find(({ kind }) => kind === 'create-capture');
    expect(create).toMatchObject({ spec: { hold: { seconds: 60, releaseReason: 'ReleaseRequested' } } });
  });

  test('adds its finalizer before dispatching a hold, and none where nothing is held', () => {
    expect(kinds(decide(undispatched()).actions)).toEqual(['create-capture']);
    const holds = checkpoint({ spec: { hold: { seconds: 5 } } });
    const first = ['add-checkpoint-finalizer', 'create-capture'];
    expect(kinds(decide(undispatched({ checkpoint: holds })).actions)).toEqual(first);
  });

  test('copies the options, with their defaults, to the PodCapture', () => {
    const spec = { hold: { seconds: 5 }, dryRun: true, maxPauseMilliseconds: 9000, include: ['Cmdline' as const] };
    const [create] = decide(undispatched({ checkpoint: checkpoint({ spec }) })).actions;
    expect(create).toMatchObject({
      kind: 'create-capture',
      spec: { dryRun: true, maxPauseMilliseconds: 9000, include: ['Cmdline'], timeoutSeconds: 10 },
    });
  });
});

describe('decide(), containers', () => {
  const mixed: Partial<Pod> = pod({
    spec: { initContainers: [{ name: 'proxy' }, { name: 'setup' }], ephemeralContainers: [{ name: 'debug' }] },
    status: {
      initContainerStatuses: [running('proxy', 'ccc'), { name: 'setup', containerID: 'containerd://ddd', state: {} }],
      ephemeralContainerStatuses: [running('debug', 'eee')],
    },
  });

  test.each<[string, string[] | undefined, string[]]>([
    [
      'every running container by default, sidecars and ephemeral containers included',
      undefined,
      ['aaa', 'bbb', 'ccc', 'eee'],
    ],
    ['the named containers', ['proxy', 'app'], ['aaa', 'ccc']],
  ])('takes %s', (_what, containers, ids) => {
    const subject = checkpoint({ spec: containers === undefined ? {} : { containers } });
    const { actions } = decide(undispatched({ checkpoint: subject, pod: mixed as Pod }));
    const create = actions.find(({ kind }) => kind === 'create-capture');
    expect(create?.kind === 'create-capture' && create.spec.containers.map(({ containerID }) => containerID)).toEqual(
      ids,
    );
  });

  test.each(['', 'containerd://', 'containerd://../../x', 'aaa'])(
    'selects no container with an ID such as %j',
    (containerID) => {
      const containerStatuses = [{ name: 'app', containerID, state: { running: {} } }];
      expect(decide(undispatched({ pod: pod({ status: { containerStatuses } }) })).rule).toBe('ContainerNotRunning');
    },
  );
});
