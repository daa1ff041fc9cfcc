/** Tests the small pure parts of the rules by value. */
import { describe, expect, test } from '@jest/globals';
import type { Checkpoint } from '../../../src/api/kinds.js';
import { projectCapture } from '../../../src/controller/caches.js';
import { captureLabels, labelValue } from '../../../src/controller/label-capture.js';
import { beyond, History } from '../../../src/controller/history.js';
import { matchesAny } from '../../../src/pod/name-pattern.js';
import { endedStatus } from '../../../src/controller/status.js';
import { capture, checkpoint, condition, endedAs, NOW } from './builders.js';

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

function gone(of: readonly Checkpoint[], limit: number): string[] {
  return beyond(of, limit).map(({ metadata }) => metadata.name);
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
    expect(gone(all, 1)).toEqual(['old', 'middle']);
    expect(beyond(all, 3)).toEqual([]);
  });

  test('keeps what a tool tracks until a namespace has four times the limit, and then lets the oldest go', () => {
    const marks = { metadata: { labels: { 'helm.toolkit.fluxcd.io/name': 'x' } } };
    const tracked = Array.from({ length: 9 }, (_, i) => ended(`tracked-${i}`, i, marks));
    const free = [ended('free-0', -1), ended('free-1', 20), ended('free-2', 21)];
    expect(gone(tracked, 2)).toEqual(['tracked-0']);
    expect(gone(tracked.slice(1), 2)).toEqual([]);
    // Checkpoints that no tool tracks have their own limit, and count for the limit of all.
    expect(gone([...free, ...tracked], 2)).toEqual(['free-0', 'tracked-0', 'tracked-1', 'tracked-2']);
    // Without any history, a tool that makes its Checkpoints again must not have them captured without end.
    expect(gone(tracked, 0)).toHaveLength(5);
    expect(gone([...free, ...tracked.slice(0, 2)], 3)).toEqual([]);
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
