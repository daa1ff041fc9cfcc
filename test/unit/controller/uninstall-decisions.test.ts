import { describe, expect, test } from '@jest/globals';
import { RELEASE_FINALIZER, type CheckpointStatus } from '../../../src/api/kinds.js';
import { endingStep } from '../../../src/controller/uninstall-captures.js';
import { finalStatus } from '../../../src/controller/uninstall-checkpoints.js';
import { capture, checkpoint, condition, NOW } from './builders.js';

const CAPTURING = { claimedBy: 'agent-uid', conditions: [condition('Succeeded', 'Unknown', 'Holding')] };
const ENDED = { claimedBy: 'agent-uid', conditions: [condition('Succeeded', 'True', 'Captured')] };

describe('endingStep()', () => {
  const agents = new Set(['agent-uid']);
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [RELEASE_FINALIZER] };
  test.each([
    ['a hold is released', { spec: { hold: { seconds: 60 } }, status: CAPTURING }, false, 'release'],
    [
      'a released hold is waited for',
      { spec: { hold: { seconds: 60, releaseReason: 'NodeDrained' } }, status: CAPTURING },
      false,
      'wait',
    ],
    ['a capture without hold ends by itself', { status: CAPTURING }, false, 'wait'],
    ['a capture that does not end in time is cancelled', { status: CAPTURING }, true, 'cancel'],
    ['a cancelled capture is waited for', { status: CAPTURING, metadata: deleted }, true, 'wait'],
    ['an unclaimed capture is cancelled', {}, false, 'cancel'],
    ['an unclaimed, cancelled capture is given up', { metadata: deleted }, false, 'give up'],
    ['the capture of a dead agent is cancelled', { status: { ...CAPTURING, claimedBy: 'dead' } }, false, 'cancel'],
    [
      'the cancelled capture of a dead agent is given up',
      { status: { ...CAPTURING, claimedBy: 'dead' }, metadata: deleted },
      false,
      'give up',
    ],
  ] as const)('endingStep(): %s', (_, parts, late, step) => {
    expect(endingStep(capture(parts), agents, late)).toBe(step);
  });
});

function reasonOf(status: CheckpointStatus): string | undefined {
  return status.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
}

describe('finalStatus()', () => {
  test('finalStatus() copies the result of a capture that has ended', () => {
    const status = finalStatus(checkpoint(), capture({ status: ENDED }), NOW);
    expect(reasonOf(status)).toBe('Captured');
    expect(status.pods?.[0]?.captureName).toBe(capture().metadata.name);
  });

  test.each([
    ['a capture that has not ended', capture({ status: CAPTURING })],
    ['no capture', undefined],
  ])('finalStatus() is Cancelled and complete with %s', (_, made) => {
    const status = finalStatus(checkpoint(), made, NOW);
    expect(reasonOf(status)).toBe('Cancelled');
    expect(status.completionTime).toBe('2026-01-01T00:00:10Z');
    expect(status.conditions?.map(({ type }) => type)).toEqual(expect.arrayContaining(['Dispatched', 'Succeeded']));
  });
});
