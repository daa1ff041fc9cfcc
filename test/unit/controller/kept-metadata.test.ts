/** The caches keep what the rules read, however much a tenant writes into an object. */
import { describe, expect, test } from '@jest/globals';
import { RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { checkpointUIDsOf, projectCapture, projectCheckpoint } from '../../../src/controller/caches.js';
import { isTracked } from '../../../src/controller/rules/ended.js';
import { findRefusal } from '../../../src/controller/rules/refusals.js';
import { capture, checkpoint, undispatched } from './builders.js';

const LARGE = 'x'.repeat(250 * 1024);

describe('projectCheckpoint()', () => {
  test('keeps a few hundred bytes of an object with 250 KiB of annotations', () => {
    const annotations = { note: LARGE, 'argocd.argoproj.io/tracking-id': LARGE };
    const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`label-${i}`, 'x'.repeat(63)]));
    const ownerReferences = Array.from({ length: 1000 }, (_, i) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: `owner-${i}`,
      uid: `uid-${i}`,
    }));
    const kept = projectCheckpoint(checkpoint({ metadata: { annotations, labels, ownerReferences } }));
    expect(JSON.stringify(kept).length).toBeLessThan(2000);
    expect(isTracked(kept)).toBe(true);
  });

  test('changes nothing about an ordinary object', () => {
    const finalizers = [RELEASE_FINALIZER, 'example.dev/mine'];
    const own = checkpoint({ metadata: { finalizers, deletionTimestamp: '2026-01-01T00:00:08Z' } });
    expect(projectCheckpoint(own)).toEqual(own);
  });

  test.each(['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'])('keeps the label %s', (name) => {
    expect(isTracked(projectCheckpoint(checkpoint({ metadata: { labels: { [name]: 'apps', other: 'x' } } })))).toBe(
      true,
    );
  });

  test('keeps the label of a restored object', () => {
    const labels = { 'velero.io/restore-name': 'monday' };
    const kept = projectCheckpoint(checkpoint({ metadata: { labels } }));
    expect(findRefusal(undispatched({ checkpoint: kept }))?.message).toContain('velero.io/restore-name=monday');
  });
});

test('projectCapture() keeps who owns the capture, by its owner and by its label', () => {
  const own = capture({ metadata: { annotations: { note: LARGE } } });
  const kept = projectCapture(own);
  expect(JSON.stringify(kept).length).toBeLessThan(2000);
  expect(checkpointUIDsOf(kept)).toEqual(['uid-look']);
  expect(checkpointUIDsOf(projectCapture(capture({ metadata: { ownerReferences: [] } })))).toEqual(['uid-look']);
  expect(checkpointUIDsOf(projectCapture(capture({ metadata: { labels: {} } })))).toEqual(['uid-look']);
});
