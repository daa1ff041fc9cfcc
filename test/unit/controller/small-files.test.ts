import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { captureName } from '../../../src/controller/capture-name.js';
import { conditionsOf, type Fact } from '../../../src/api/conditions.js';
import { eventsOf } from '../../../src/controller/checkpoint-event.js';
import { orphanKey, orphanOf } from '../../../src/controller/keys.js';
import { pauseText, pauseWithoutHold } from '../../../src/controller/pause-text.js';
import { sameStatus } from '../../../src/controller/assemble.js';
import { checkpoint } from './builders.js';

describe('captureName()', () => {
  test('is a valid name for every name of a Checkpoint, and differs for different UIDs', () => {
    const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    const subdomain = fc.array(label, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('.').slice(0, 253));
    fc.assert(
      fc.property(subdomain, fc.uuid(), fc.uuid(), (name, uid, other) => {
        fc.pre(uid !== other && /[a-z0-9]$/.test(name));
        const made = captureName({ name, uid });
        expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
        expect(made.length).toBeLessThanOrEqual(211);
        expect(captureName({ name, uid })).toBe(made);
        expect(captureName({ name, uid: other })).not.toBe(made);
      }),
    );
  });
});

describe('pauseText()', () => {
  test.each([
    [0, '0us'],
    [999, '999us'],
    [1000, '1.000ms'],
    [12_345, '12.345ms'],
    [999_999, '999.999ms'],
    [1_000_000, '1.000s'],
    [1_234_999, '1.234s'],
    [3_600_000_000, '3600.000s'],
  ])('writes %d as %s', (microseconds, text) => {
    expect(pauseText(microseconds)).toBe(text);
  });
});

describe('pauseWithoutHold()', () => {
  test.each([
    [2_410, 0, 2_410],
    [10_002_410, 10_000_000, 2_410],
    // Both are rounded to whole microseconds.
    [10, 11, 0],
  ])('of a pause of %d us with a hold of %d us is %d us', (pauseMicroseconds, holdMicroseconds, expected) => {
    expect(pauseWithoutHold({ pauseMicroseconds, holdMicroseconds })).toBe(expected);
  });
});

describe('conditionsOf()', () => {
  const fact: Fact = { type: 'Succeeded', status: 'Unknown', reason: 'Capturing', message: '' };
  const [before] = conditionsOf([fact], undefined, 1, 'then');

  test('keeps lastTransitionTime while the status stays the same, even with another reason', () => {
    const [after] = conditionsOf([{ ...fact, reason: 'Holding' }], before && [before], 2, 'now');
    expect(after).toMatchObject({ lastTransitionTime: 'then', reason: 'Holding', observedGeneration: 2 });
  });

  test('changes lastTransitionTime with the status', () => {
    const [after] = conditionsOf([{ ...fact, status: 'True' }], before && [before], 1, 'now');
    expect(after?.lastTransitionTime).toBe('now');
  });

  test('cuts a message to the bound of the schema', () => {
    const [cut] = conditionsOf([{ ...fact, message: '𝄞'.repeat(4097) }], undefined, 1, 'now');
    expect(Array.from(cut?.message ?? '')).toHaveLength(4096);
    expect(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/.test(cut?.message ?? '')).toBe(false);
  });
});

describe('sameStatus()', () => {
  test('ignores the order of fields, and nothing else', () => {
    expect(sameStatus({ a: 1, b: { c: [1, 2], d: undefined } }, { b: { c: [1, 2] }, a: 1 })).toBe(true);
    expect(sameStatus({ c: [1, 2] }, { c: [2, 1] })).toBe(false);
    expect(sameStatus(undefined, {})).toBe(false);
  });
});

describe('eventsOf()', () => {
  const event = { type: 'Normal', reason: 'Captured', note: 'done' } as const;

  test('is about the Checkpoint alone where no pod is known', () => {
    expect(eventsOf(checkpoint(), event).map(({ regarding }) => regarding.kind)).toEqual(['Checkpoint']);
  });

  test('is no news of a pod that a dry run did not touch', () => {
    const pods = [{ podName: 'web-0', podUID: 'pod-uid-1', nodeName: 'node-1', state: 'Succeeded' as const }];
    const dry = checkpoint({ spec: { dryRun: true }, status: { pods } });
    expect(eventsOf(dry, event).map(({ regarding }) => regarding.kind)).toEqual(['Checkpoint']);
  });

  test('is also about the pod with its UID, related to the Checkpoint', () => {
    const pods = [{ podName: 'web-0', podUID: 'pod-uid-1', nodeName: 'node-1', state: 'Succeeded' as const }];
    expect(eventsOf(checkpoint({ status: { pods } }), event)).toMatchObject([
      {
        regarding: { kind: 'Checkpoint', uid: 'uid-look' },
        related: { kind: 'Pod', uid: 'pod-uid-1' },
        action: 'Capture',
      },
      { regarding: { kind: 'Pod', uid: 'pod-uid-1' }, related: { kind: 'Checkpoint' }, note: 'Checkpoint look: done' },
    ]);
  });
});

describe('orphanKey()', () => {
  test('differs from the key of a Checkpoint', () => {
    expect(orphanOf(orphanKey('shop/x'))).toBe('shop/x');
    expect(orphanOf('orphan/x')).toBeUndefined();
  });
});
