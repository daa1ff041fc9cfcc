/** Tests the small pure parts of the rules by value. */
import { describe, expect, test } from '@jest/globals';
import { projectCapture } from '../../../src/controller/caches.js';
import { captureLabels, labelValue } from '../../../src/controller/capture-labels.js';
import { beyond, History } from '../../../src/controller/history.js';
import { matchesAny } from '../../../src/controller/name-pattern.js';
import { killsAfterSeconds, probeWouldKill } from '../../../src/controller/rules/probes.js';
import { endedStatus } from '../../../src/controller/status.js';
import { capture, checkpoint, condition, endedAs, NOW, pod, running } from './builders.js';

describe('killsAfterSeconds()', () => {
  test.each([
    [{}, 21], // The defaults: 3 failures, every 10 s, each after 1 s.
    [{ failureThreshold: 1, timeoutSeconds: 5 }, 5],
    [{ failureThreshold: 2, periodSeconds: 5, timeoutSeconds: 30 }, 60],
    [{ failureThreshold: 30, periodSeconds: 10, timeoutSeconds: 1 }, 291],
  ])('of %j is %d', (probe, seconds) => {
    expect(killsAfterSeconds(probe)).toBe(seconds);
  });
});

describe('probeWouldKill()', () => {
  const probed = pod({
    spec: {
      containers: [
        { name: 'app', livenessProbe: {} },
        { name: 'log', livenessProbe: { failureThreshold: 1, timeoutSeconds: 2 } },
      ],
      initContainers: [{ name: 'proxy', livenessProbe: { failureThreshold: 1 } }],
    },
  });

  test('names the first container to be restarted, and after how many seconds', () => {
    const refusal = probeWouldKill(probed, ['app', 'log'], 60);
    expect(refusal?.reason).toBe('ProbeWouldKill');
    expect(refusal?.message).toContain(
      'the liveness probe of container log would have kubelet restart it after 2 s of the 60 s',
    );
    expect(refusal?.message).toContain('1 more containers');
  });

  test.each([
    ['a container that is not held', ['app'], 20],
    ['a hold that is over before', ['log'], 1],
  ])('does not count %s', (_what, chosen, seconds) => {
    expect(probeWouldKill(probed, chosen, seconds)).toBeUndefined();
  });

  test('counts the probe of a sidecar', () => {
    expect(probeWouldKill(probed, ['proxy'], 1)?.message).toContain('container proxy');
  });

  test('looks at the startup probe until the container has started, and then at the liveness probe', () => {
    const starting = { name: 'app', startupProbe: { failureThreshold: 1 }, livenessProbe: { failureThreshold: 100 } };
    const at = (started: boolean) =>
      pod({ spec: { containers: [starting] }, status: { containerStatuses: [{ ...running('app', 'a'), started }] } });
    expect(probeWouldKill(at(false), ['app'], 60)?.message).toContain('the startup probe of container app');
    expect(probeWouldKill(at(true), ['app'], 60)).toBeUndefined();
  });
});

describe('matchesAny()', () => {
  test.each([
    ['openshift-etcd', ['openshift-*'], true],
    ['openshift', ['openshift-*'], false],
    ['kube-system', ['kube-system'], true],
    ['kube-system-2', ['kube-system'], false],
    ['axb', ['a.b'], false],
    ['anything', ['*'], true],
    ['anything', [], false],
  ])('%s against %j: %s', (name, patterns, expected) => {
    expect(matchesAny(name, patterns)).toBe(expected);
  });
});

describe('captureLabels()', () => {
  test('names the Checkpoint and the pod', () => {
    expect(captureLabels({ name: 'look', uid: 'u' }, { podName: 'web-0' })).toEqual({
      'stasis.dev/checkpoint-uid': 'u',
      'stasis.dev/checkpoint': 'look',
      'stasis.dev/pod': 'web-0',
    });
  });

  test('cuts a name that is longer than a label may be, and keeps different names apart', () => {
    const long = 'a'.repeat(253);
    expect(labelValue('a'.repeat(63))).toBe('a'.repeat(63));
    expect(labelValue(long)).toMatch(/^a{54}-[0-9a-f]{8}$/);
    expect(labelValue(long)).not.toBe(labelValue(`${long}b`));
  });
});

function ended(name: string, second: number, parts: Parameters<typeof checkpoint>[0] = {}) {
  return checkpoint({
    metadata: { name, uid: name, ...parts.metadata },
    status: endedStatus(checkpoint(), capture({ status: endedAs('Captured') }), NOW + 1000 * second),
  });
}

describe('the limit of the history', () => {
  test('lets the oldest ends of each namespace go', () => {
    const all = [
      ended('new', 3),
      ended('old', 1),
      ended('middle', 2),
      ended('elsewhere', 0, { metadata: { namespace: 'other' } }),
      ended('tracked', 0, { metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } } }),
      checkpoint({ metadata: { name: 'running' } }),
    ];
    expect(beyond(all, 1).map(({ metadata }) => metadata.name)).toEqual(['old', 'middle']);
    expect(beyond(all, 3)).toEqual([]);
  });

  test('keeps everything without a limit', () => {
    const history = new History(undefined);
    expect(history.sweep([ended('a', 1), ended('b', 2)])).toEqual([]);
    const limited = new History(1);
    const [first] = limited.sweep([ended('a', 1), ended('b', 2)]);
    expect(first && limited.isExcess(first)).toBe(true);
    expect(limited.isExcess(ended('b', 2))).toBe(false);
  });
});

describe('projectCapture()', () => {
  test('keeps what is to be copied, and of a capture that was copied only that it has ended', () => {
    const artifact = { path: '/a', sizeBytes: 1, sha256: 'a', command: 'kubectl exec' };
    const reported = capture({ status: { ...endedAs('Captured'), tree: [], artifact } });
    expect(projectCapture(reported).status).toEqual(endedAs('Captured'));
    const copied = projectCapture({ ...reported, metadata: { ...reported.metadata, finalizers: [] } });
    expect(copied).toMatchObject({
      metadata: { name: reported.metadata.name, ownerReferences: [{ name: 'look' }] },
      spec: { podName: 'web-0', podUID: 'pod-uid-1', nodeName: 'node-1', containers: [] },
    });
    expect(copied.status).toEqual({ conditions: [condition('Succeeded', 'True', 'Captured', '')] });
  });
});
