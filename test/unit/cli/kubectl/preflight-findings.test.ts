/** Tests the judgement of `kubectl stasis preflight`, by value. */
import { describe, expect, test } from '@jest/globals';
import type { Checkpoint } from '../../../../src/api/kinds.js';
import { known, notKnown } from '../../../../src/cli/kubectl/known.js';
import {
  findObstacles,
  longestHold,
  type Finding,
  type PodFacts,
} from '../../../../src/cli/kubectl/preflight-findings.js';
import type { Pod } from '../../../../src/pod/pod.js';

const NOW = Date.UTC(2026, 0, 1);
const AT = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

function pod(spec: Partial<Pod['spec']> = {}, metadata: object = {}, status?: Pod['status']): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'shop', ...AT, ...metadata },
    spec: { nodeName: 'node-1', containers: [{ name: 'app' }], ...spec },
    status: status ?? {
      phase: 'Running',
      containerStatuses: [{ name: 'app', containerID: 'containerd://a1', started: true, state: { running: {} } }],
    },
  };
}

function facts(more: Partial<PodFacts> = {}): PodFacts {
  return {
    pod: pod(),
    containers: undefined,
    stasisNamespace: 'stasis-system',
    mayCreate: known(true),
    mayExec: known(true),
    admission: known(undefined),
    node: known({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1', ...AT },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }),
    lease: lease(3),
    handler: known(undefined),
    checkpoints: known([]),
    quotas: known([]),
    now: NOW,
    ...more,
  };
}

function lease(secondsAgo: number): PodFacts['lease'] {
  const renewTime = new Date(NOW - 1000 * secondsAgo).toISOString();
  const spec = { holderIdentity: 'agent', leaseDurationSeconds: 40, renewTime };
  return known({ apiVersion: 'v1', kind: 'Lease', metadata: { name: 'stasis-node-node-1', ...AT }, spec });
}

function quota(used: string, hard = '10'): PodFacts['quotas'] {
  const key = 'count/podcaptures.stasis.dev';
  const status = { hard: { [key]: hard }, used: { [key]: used } };
  return known([{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small', ...AT }, status }]);
}

function checkpoint(name: string, conditions: readonly [string, string][], podName = 'web-0'): Checkpoint {
  return {
    apiVersion: 'stasis.dev/v1alpha1',
    kind: 'Checkpoint',
    metadata: { name, ...AT },
    spec: { podName },
    status: {
      conditions: conditions.map(([type, status]) => ({
        type,
        status: status as 'True',
        reason: 'R',
        message: '',
        lastTransitionTime: '',
      })),
    },
  };
}

function only(topic: string, more: Partial<PodFacts>): Finding[] {
  return findObstacles(facts(more)).filter((finding) => finding.topic === topic);
}

describe('findObstacles()', () => {
  test('finds nothing in the way of a plain pod', () => {
    expect(findObstacles(facts()).map(({ topic, verdict }) => [topic, verdict])).toEqual([
      ['pod', 'ok'],
      ['rights', 'ok'],
      ['admission', 'ok'],
      ['quota', 'ok'],
      ['others', 'ok'],
      ['node', 'ok'],
      ['agent', 'ok'],
      ['probes', 'ok'],
    ]);
  });

  test.each<[string, Pod, string]>([
    ['a static pod', pod({}, { annotations: { 'kubernetes.io/config.mirror': 'x' } }), 'it is a static pod'],
    ['a pod of the host', pod({ hostNetwork: true }), "the node's network namespace"],
    ['a pod that ends', pod({}, { deletionTimestamp: AT.creationTimestamp }), 'is being deleted'],
    ['a pod that has ended', pod({}, {}, { phase: 'Succeeded' }), 'is in phase Succeeded'],
    ['a pod without a node', pod({ nodeName: '' }, {}, { phase: 'Pending' }), 'not assigned to a node yet'],
    ['a pod that does not run', pod({}, {}, { phase: 'Running' }), 'no container of pod web-0 is running'],
  ])('%s cannot be captured', (_, it, words) => {
    expect(only('pod', { pod: it })).toContainEqual({
      topic: 'pod',
      verdict: 'obstacle',
      words: expect.stringContaining(words),
    });
  });

  test("Stasis's own pod cannot be captured", () => {
    const own = pod({}, { namespace: 'stasis-system', labels: { 'app.kubernetes.io/name': 'stasis' } });
    expect(only('pod', { pod: own })[0]?.words).toBe("pod web-0 is one of Stasis's own");
  });

  test.each<[string, string, Partial<PodFacts>, Finding['verdict'], string]>([
    ['rights', 'no Checkpoints', { mayCreate: known(false) }, 'obstacle', 'you may not create checkpoints.stasis.dev'],
    ['rights', 'no exec', { mayExec: known(false) }, 'obstacle', 'you may not create pods/exec of pod web-0'],
    ['rights', 'not known', { mayExec: notKnown('no answer') }, 'not known', 'not known: no answer'],
    ['admission', 'a policy', { admission: known('pods of namespace shop are never captured') }, 'obstacle', 'never'],
    ['admission', 'not known', { admission: notKnown('no answer') }, 'not known', 'not known: no answer'],
    ['quota', 'full', { quotas: quota('10') }, 'obstacle', 'small is used up: count/podcaptures.stasis.dev 10 of 10'],
    ['quota', 'not full', { quotas: quota('9') }, 'ok', 'no ResourceQuota'],
    // The API server writes 1000 as 1k.
    ['quota', 'full of thousands', { quotas: quota('1k', '1k') }, 'obstacle', 'count/podcaptures.stasis.dev 1k of 1k'],
    ['quota', 'not full of thousands', { quotas: quota('1001', '2k') }, 'ok', 'no ResourceQuota'],
    ['quota', 'no number', { quotas: quota('5', 'many') }, 'not known', 'podcaptures.stasis.dev 5 of many'],
    ['quota', 'unread', { quotas: notKnown('you may not list resourcequotas') }, 'not known', 'you may not list'],
    ['node', 'unread', { node: notKnown('you may not get nodes') }, 'not known', 'not known: you may not get nodes'],
    ['node', 'gone', { node: known(undefined) }, 'obstacle', 'node node-1 is gone'],
    ['agent', 'none', { lease: known(undefined) }, 'obstacle', 'no agent of Stasis runs on node node-1'],
    ['agent', 'unread', { lease: notKnown('you may not get leases') }, 'not known', 'you may not get leases'],
    ['agent', 'old', { lease: lease(300) }, 'obstacle', 'gave its last sign of life 5m ago'],
    // The clock of this machine may be wrong.
    ['agent', 'by another clock', { lease: lease(-50) }, 'ok', 'lives'],
    ['agent', 'in the future', { lease: lease(-4 * 86_400) }, 'not known', 'is 4d in the future'],
    [
      'runtime',
      'a sandbox',
      { pod: pod({ runtimeClassName: 'secure' }), handler: known('runsc') },
      'obstacle',
      'runs in a sandbox (RuntimeClass secure, handler runsc)',
    ],
    ['runtime', 'runc', { pod: pod({ runtimeClassName: 'fast' }), handler: known('runc') }, 'ok', 'is none of the'],
    [
      'runtime',
      'unread',
      { pod: pod({ runtimeClassName: 'x' }), handler: notKnown('you may not get it') },
      'not known',
      'not',
    ],
    [
      'others',
      'held',
      { checkpoints: known([checkpoint('first', [['Held', 'True']])]) },
      'obstacle',
      'Checkpoint first holds the pod; to end that: kubectl stasis release first',
    ],
    [
      'others',
      'waiting',
      { checkpoints: known([checkpoint('a', [['Succeeded', 'Unknown']]), checkpoint('b', [])]) },
      'note',
      'Checkpoint a and 1 more of the pod comes first',
    ],
    [
      'others',
      'over, or of another pod',
      { checkpoints: known([checkpoint('a', [['Succeeded', 'False']]), checkpoint('b', [['Held', 'True']], 'db-0')]) },
      'ok',
      'no other Checkpoint',
    ],
  ])('%s: %s', (topic, _, more, verdict, words) => {
    expect(only(topic, more)).toEqual([
      expect.objectContaining({ topic, verdict, words: expect.stringContaining(words) }),
    ]);
  });

  test('says how long the probes allow, and what becomes of readiness', () => {
    const probed = pod({ containers: [{ name: 'app', livenessProbe: {}, readinessProbe: {} }] });
    expect(only('probes', { pod: probed })).toEqual([
      {
        topic: 'probes',
        verdict: 'note',
        words:
          'the liveness probe of container app allows a hold of 20s; a longer one is refused without --despite-probes',
      },
    ]);
    expect(only('readiness', { pod: probed })[0]?.words).toContain('the readiness probe of app fails during a hold');
    expect(longestHold(facts({ pod: probed }))).toBe(20);
    expect(longestHold(facts())).toBe(3600);
    expect(longestHold(facts({ pod: pod({}, {}, { phase: 'Pending' }) }))).toBeUndefined();
  });
});
