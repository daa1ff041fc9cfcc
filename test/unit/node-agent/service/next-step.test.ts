import { describe, expect, test } from '@jest/globals';
import type { PodCapture } from '../../../../src/api/kinds.js';
import { byAge } from '../../../../src/node-agent/service/captured-object.js';
import { nextStep, type Knowledge, type NextStep } from '../../../../src/node-agent/service/next-step.js';
import { ME, podCapture, uid } from './fixtures.js';

const FREE: Knowledge = {
  me: ME,
  stopping: false,
  run: undefined,
  finished: false,
  cutOff: false,
  podBusy: false,
  nodeBusy: undefined,
  claimSent: false,
  resting: undefined,
};
const BUSY = { kind: 'captures', message: 'full' } as const;
const RUN = { cancelled: false, released: false };

function withStatus(status: 'True' | 'False' | 'Unknown', claimedBy: string): PodCapture {
  const condition = { type: 'Succeeded', status, reason: 'X', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
  return podCapture(1, { hold: { seconds: 60 } }, { status: { claimedBy, conditions: [condition] } });
}

function deleted(object: PodCapture): PodCapture {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
}

function released(object: PodCapture): PodCapture {
  return { ...object, spec: { ...object.spec, hold: { seconds: 60, releaseReason: 'NodeDrained' } } };
}

function orphaned(object: PodCapture): PodCapture {
  const { ownerReferences: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function at(creationTimestamp: string, name: string): PodCapture {
  const object = podCapture(1);
  return { ...object, metadata: { ...object.metadata, creationTimestamp, name, uid: uid(1) } };
}

const TABLE: readonly (readonly [string, PodCapture, Partial<Knowledge>, Partial<NextStep>])[] = [
  ['claims an unclaimed capture', podCapture(1), {}, { do: 'claim' }],
  ['waits for the pod', podCapture(1), { podBusy: true }, { do: 'wait', for: 'pod' }],
  ['waits for the node', podCapture(1), { nodeBusy: BUSY }, { do: 'wait', for: 'node', busy: BUSY }],
  ['waits after a claim that was refused', podCapture(1), { resting: 'claim' }, { do: 'wait', for: 'retry' }],
  ['ends a deleted capture whose claim was refused', deleted(podCapture(1)), { resting: 'claim' }, { do: 'end' }],
  ['waits after a defect', deleted(podCapture(1)), { resting: 'everything' }, { do: 'wait', for: 'retry' }],
  [
    'goes on with a claim of its own whose answer it missed',
    withStatus('Unknown', ME),
    { claimSent: true },
    { do: 'claim' },
  ],
  [
    'ends the claim of another in spite of a claim that it sent',
    withStatus('Unknown', 'x'),
    { claimSent: true },
    { do: 'end' },
  ],
  ['begins no capture while it is cut off', podCapture(1), { cutOff: true }, { do: 'wait', for: 'heartbeat' }],
  ['lets its own capture run while it is cut off', podCapture(1), { cutOff: true, run: RUN }, { do: 'ignore' }],
  ['begins no capture while the agent is being stopped', podCapture(1), { stopping: true }, { do: 'ignore' }],
  ['ignores a capture that has ended', withStatus('True', ME), {}, { do: 'ignore' }],
  [
    'ignores a capture that it has finished, whatever the watch still shows',
    podCapture(1),
    { finished: true },
    { do: 'ignore' },
  ],
  ['ignores a capture that the controller claimed', withStatus('Unknown', 'controller'), {}, { do: 'ignore' }],
  ['ends the capture of another agent', withStatus('Unknown', 'another'), {}, { do: 'end' }],
  ['ends a capture that it claimed before its restart', withStatus('Unknown', ME), {}, { do: 'end' }],
  ['ends a capture at once that is being deleted', deleted(podCapture(1)), {}, { do: 'end' }],
  ['ends a capture at once that no Checkpoint owns', orphaned(podCapture(1)), {}, { do: 'end' }],
  ['lets its own capture run', withStatus('Unknown', ME), { run: RUN }, { do: 'ignore' }],
  ['cancels its own capture when that is deleted', deleted(withStatus('Unknown', ME)), { run: RUN }, { do: 'cancel' }],
  [
    'cancels its own capture when no Checkpoint owns it',
    orphaned(withStatus('Unknown', ME)),
    { run: RUN },
    { do: 'cancel' },
  ],
  ['cancels its own capture when somebody else ended it', withStatus('False', ME), { run: RUN }, { do: 'cancel' }],
  [
    'cancels a capture only once',
    deleted(withStatus('Unknown', ME)),
    { run: { ...RUN, cancelled: true } },
    { do: 'ignore' },
  ],
  ['ends a hold', released(withStatus('Unknown', ME)), { run: RUN }, { do: 'release', reason: 'NodeDrained' }],
  ['ends a hold only once', released(withStatus('Unknown', ME)), { run: { ...RUN, released: true } }, { do: 'ignore' }],
  [
    'cancels a capture that is deleted while its hold is being ended',
    deleted(released(withStatus('Unknown', ME))),
    { run: { ...RUN, released: true } },
    { do: 'cancel' },
  ],
];

describe('nextStep()', () => {
  test.each(TABLE)('%s', (_, object, knowledge, expected) => {
    expect(nextStep(object, { ...FREE, ...knowledge })).toMatchObject(expected);
  });

  test('names the agent that abandoned the capture', () => {
    expect(nextStep(withStatus('Unknown', 'another'), FREE)).toMatchObject({
      failure: { reason: 'NodeAgentRestarted', message: expect.stringContaining('the agent another') },
    });
  });
});

describe('byAge()', () => {
  test('puts the oldest capture first, and orders captures of the same second by name', () => {
    const objects = [at('2026-01-01T00:00:02Z', 'a'), at('2026-01-01T00:00:01Z', 'c'), at('2026-01-01T00:00:01Z', 'b')];
    expect(objects.toSorted(byAge).map(({ metadata }) => metadata.name)).toEqual(['b', 'c', 'a']);
  });
});
