/** Tests on a real API server what may change in a Checkpoint, its status, and its columns. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkpoint, condition, FULL, KindsWorld } from './kinds-world.js';

const world = new KindsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

describe('Checkpoint', () => {
  const OTHER = /create another Checkpoint/;
  test.each([
    ['podName', 'other', /podName cannot be changed; create another Checkpoint for another pod/],
    ['containers', ['app'], OTHER],
    ['containers', null, OTHER],
    ['freezer', 'Auto', OTHER],
    ['timeoutSeconds', 5, OTHER],
    ['maxPauseMilliseconds', 3_800_000, OTHER],
    ['maxPauseMilliseconds', null, OTHER],
    ['dryRun', false, OTHER],
    ['include', null, OTHER],
    ['ttlSecondsAfterFinished', 5, /ttlSecondsAfterFinished cannot be changed; delete the Checkpoint instead/],
    ['ttlSecondsAfterFinished', null, /cannot be changed; delete the Checkpoint instead/],
  ])('Checkpoint refuses to change %s to %j', async (field, value, message) => {
    const path = await world.make(checkpoint(FULL));
    const answer = await world.patch(path, { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test.each([
    ['containers', ['app']],
    ['maxPauseMilliseconds', 1000],
    ['include', ['Cmdline']],
    ['ttlSecondsAfterFinished', 5],
  ])('Checkpoint refuses to add %s', async (field, value) => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const answer = await world.patch(path, { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(`${field} cannot be changed`);
  });

  test('Checkpoint allows holdSeconds to be lowered, but not raised', async () => {
    const path = await world.make(checkpoint({ podName: 'web', holdSeconds: 60 }));
    const raised = await world.patch(path, { spec: { holdSeconds: 61 } });
    expect(raised.code).toBe(422);
    expect(raised.message).toMatch(/spec.holdSeconds: .*holdSeconds may only be lowered: it is 60, asked 61/);
    expect((await world.patch(path, { spec: { holdSeconds: 60 } })).code).toBe(200);
    expect((await world.patch(path, { spec: { holdSeconds: 5 } })).code).toBe(200);
    expect((await world.patch(path, { spec: { holdSeconds: 60 } })).code).toBe(422);
    // The default of holdSeconds is 0, so removing the field releases the pod at once.
    const released = await world.patch(path, { spec: { holdSeconds: null } });
    expect((released.json['spec'] as { holdSeconds: number }).holdSeconds).toBe(0);
  });

  test('Checkpoint refuses to add a hold', async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    expect((await world.patch(path, { spec: { holdSeconds: 60 } })).message).toMatch(/it is 0, asked 60/);
  });

  test('Checkpoint keeps its generation when labels, annotations or its status change', async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    await world.patch(path, { metadata: { labels: { a: 'b' } } });
    const answer = await world.patch(`${path}/status`, { status: { observedGeneration: 1 } });
    expect(answer.json['metadata']).toMatchObject({ generation: 1, labels: { a: 'b' } });
  });

  test('Checkpoint drops a status that is sent with its creation', async () => {
    const object = { ...checkpoint({ podName: 'web' }), status: { observedGeneration: 7 } };
    const { json } = await world.api.must('POST', world.list('checkpoints'), { body: object });
    expect(json['status']).toBeUndefined();
  });

  test.each([
    ['a reason with a space', { reason: 'Went wrong' }, /reason in body should match/],
    ['an unknown status', { status: 'Maybe' }, /Unsupported value: "Maybe"/],
    ['a message of 4097 characters', { message: 'x'.repeat(4097) }, /Too long: may not be more than 4096/],
    ['no time', { lastTransitionTime: undefined }, /lastTransitionTime: Required value/],
    ['an invalid time', { lastTransitionTime: 'yesterday' }, /must be of type date-time/],
  ])('Checkpoint refuses a condition with %s', async (_, wrong, message) => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const right = condition('Succeeded', 'Unknown', 'PodBusy');
    expect((await world.patch(`${path}/status`, { status: { conditions: [right] } })).code).toBe(200);
    const answer = await world.patch(`${path}/status`, { status: { conditions: [{ ...right, ...wrong }] } });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test('Checkpoint prints the columns POD, NODE, STATE, PAUSE, PROCESSES, THREADS and AGE', async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const row = { podName: 'web', podUID: 'u', nodeName: 'node-1', pause: '12.345ms', processes: 3, threads: 8 };
    const status = { conditions: [condition('Succeeded', 'True', 'Captured')], pods: [row] };
    expect((await world.patch(`${path}/status`, { status })).code).toBe(200);
    expect(await world.printed(path)).toEqual({
      Name: expect.any(String),
      Pod: 'web',
      Node: 'node-1',
      State: 'Captured',
      Pause: '12.345ms',
      Processes: 3,
      Threads: 8,
      Age: expect.any(String),
    });
  });
});
