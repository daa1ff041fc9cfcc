/** Checks that what a user sets reaches the agent: every field of a Checkpoint's spec is copied, or is here with the reason. */
import { describe, expect, test } from '@jest/globals';
import type { Checkpoint, PodCaptureSpec } from '../../../src/api/kinds.js';
import type { Pod } from '../../../src/controller/resources.js';
import { captureSpec } from '../../../src/controller/rules/dispatch.js';
import { leaves, specOf, valueAt, withValue, type Json } from './crd.js';
import { another, FULL } from './samples.js';

const NOT_COPIED: Readonly<Record<string, string>> = {
  podName: 'the pod itself is given, and its own name is copied',
  'podSelector.matchLabels': 'reserved, and refused by the schema',
  containers: 'the containers that were chosen are given',
  startingDeadlineSeconds: 'the controller waits',
  'hold.release': 'a PodCapture that is made later does not hold; one that exists gets a releaseReason',
  'hold.despiteProbes': 'the controller reads the probes',
  ttlSecondsAfterFinished: 'the controller deletes',
};
/** Fields of a PodCapture's spec that are set after it was made. */
const SET_LATER = ['hold.releaseReason'];

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'team', uid: 'u-1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { nodeName: 'node-1', containers: [] },
} as unknown as Pod;
const containers: PodCaptureSpec['containers'] = [{ name: 'app', containerID: 'abc' }];
/** A dry run does not hold, so this is none. */
const base: Json = withValue(FULL, 'dryRun', false);

function copied(spec: Json): PodCaptureSpec {
  return captureSpec({ spec } as unknown as Checkpoint, pod, containers);
}

describe('captureSpec()', () => {
  const fields = leaves(specOf('Checkpoint'));

  test.each(fields.filter((path) => NOT_COPIED[path] === undefined))('captureSpec() copies %s', (path) => {
    const value = another(specOf('Checkpoint'), path, valueAt(base, path));
    const spec = copied(withValue(base, path, value));
    expect(spec).not.toEqual(copied(base));
    expect(valueAt(spec as unknown as Json, path)).toEqual(value);
  });

  test('captureSpec() leaves out only fields that exist', () => {
    expect(Object.keys(NOT_COPIED).filter((path) => !fields.includes(path))).toEqual([]);
  });

  const unread = Object.keys(NOT_COPIED).filter((path) => path !== 'hold.release');
  test.each(unread)('captureSpec() does not depend on %s', (path) => {
    const value = another(specOf('Checkpoint'), path, valueAt(base, path));
    expect(copied(withValue(base, path, value))).toEqual(copied(base));
  });

  test('captureSpec() sets every field of a PodCapture that is not set later', () => {
    const spec = copied(base) as unknown as Json;
    const missing = leaves(specOf('PodCapture')).filter((path) => valueAt(spec, path) === undefined);
    expect(missing).toEqual(SET_LATER);
    expect(spec).toMatchObject({ nodeName: 'node-1', podName: 'web', podUID: 'u-1', containers });
  });

  test('captureSpec() holds neither without a hold nor in a dry run', () => {
    expect(copied(withValue(base, 'hold', undefined))).not.toHaveProperty('hold');
    expect(copied(withValue(base, 'dryRun', true))).not.toHaveProperty('hold');
    expect(copied(withValue(base, 'dryRun', true))).toMatchObject({ dryRun: true });
  });
});
