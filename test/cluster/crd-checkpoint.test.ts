/** Tests on a real API server what may change in a Checkpoint, its status, and its columns. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { APPLY_PATCH } from './api-client.js';
import { checkpoint, condition, CONTROLLER, FULL, KindsWorld } from './kinds-world.js';

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
    ['startingDeadlineSeconds', 5, OTHER],
    ['startingDeadlineSeconds', null, OTHER],
    ['maxPauseMilliseconds', 1000, OTHER],
    ['maxPauseMilliseconds', null, OTHER],
    ['dryRun', false, OTHER],
    ['include', null, OTHER],
    [
      'hold',
      null,
      /hold can neither be added nor removed; create another Checkpoint, or set hold.release to let the pod go/,
    ],
    [
      'hold',
      { seconds: 3599 },
      /spec.hold.seconds: .*hold.seconds cannot be changed; set hold.release to let the pod go/,
    ],
    ['hold', { despiteProbes: false }, /spec.hold.despiteProbes: .*hold.despiteProbes cannot be changed/],
    ['podSelector', { matchLabels: { app: 'web' } }, /podSelector is reserved and not implemented yet/],
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
    ['startingDeadlineSeconds', 60],
  ])('Checkpoint refuses to add %s', async (field, value) => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const answer = await world.patch(path, { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(`${field} cannot be changed`);
  });

  test('Checkpoint refuses to add a hold', async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const answer = await world.patch(path, { spec: { hold: { seconds: 60 } } });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(/spec.hold: .*hold can neither be added nor removed/);
  });

  test.each([
    ['Held', 'False', 'ReleaseRequested'],
    ['Succeeded', 'True', 'Captured'],
    ['Succeeded', 'False', 'Cancelled'],
  ])('Checkpoint refuses false after true until its status has %s=%s', async (type, status, reason) => {
    const path = await world.make(checkpoint({ podName: 'web', hold: { seconds: 60 } }));
    const release = async (value: boolean | null) => await world.patch(path, { spec: { hold: { release: value } } });
    expect((await release(true)).code).toBe(200);
    const progress = [condition('Held', 'True', 'Holding'), condition('Succeeded', 'Unknown', 'Holding')];
    const pending = [condition('Succeeded', 'Unknown', 'Pending')];
    for (const conditions of [pending, progress]) {
      expect((await world.patch(`${path}/status`, { status: { conditions } })).code).toBe(200);
      for (const value of [false, null]) {
        const answer = await release(value);
        expect(answer.code).toBe(422);
        expect(answer.message).toMatch(
          /spec.hold.release: .*the release has not been carried out yet; apply again when/,
        );
      }
      // All else can be changed meanwhile.
      expect((await world.patch(path, { spec: { ttlSecondsAfterFinished: 60 } })).code).toBe(200);
    }
    const told = [condition(type, status, reason)];
    expect((await world.patch(`${path}/status`, { status: { conditions: told } })).code).toBe(200);
    expect((await release(false)).code).toBe(200);
  });

  test.each([
    ['no status', null],
    ['no conditions', { conditions: null }],
    ['another reason', { conditions: [condition('Succeeded', 'True', 'DryRunPassed')] }],
    ['a progress', { conditions: [condition('Succeeded', 'Unknown', 'Holding')] }],
  ])('Checkpoint that has ended refuses %s', async (_, status) => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const ended = { conditions: [condition('Succeeded', 'True', 'Captured')] };
    expect((await world.patch(`${path}/status`, { status: ended })).code).toBe(200);
    const answer = await world.patch(`${path}/status`, { status });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(/it has ended, and what has ended stays ended/);
    expect((await world.patch(`${path}/status`, { status: { observedGeneration: 1 } })).code).toBe(200);
  });

  test('Checkpoint accepts a release, and false after it was carried out, which changes nothing else', async () => {
    const path = await world.make(checkpoint({ podName: 'web', hold: { seconds: 60 } }));
    const conditions = [condition('Held', 'False', 'ReleaseRequested')];
    expect((await world.patch(`${path}/status`, { status: { conditions } })).code).toBe(200);
    for (const release of [true, true, false, true, null]) {
      const answer = await world.patch(path, { spec: { hold: { release } } });
      expect(answer.code).toBe(200);
      expect(answer.json['spec']).toMatchObject({
        hold: { seconds: 60, release: release ?? false, despiteProbes: false },
      });
    }
  });

  test('Checkpoint accepts another time to live, one more, and none', async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    for (const ttlSecondsAfterFinished of [5, 0, 31_536_000, null]) {
      const answer = await world.patch(path, { spec: { ttlSecondsAfterFinished } });
      expect(answer.code).toBe(200);
    }
    const { json } = await world.api.must('GET', path);
    expect(json['spec']).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  test('Checkpoint keeps its generation when labels, annotations or its status change', async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    await world.patch(path, { metadata: { labels: { a: 'b' } } });
    const answer = await world.patch(`${path}/status`, { status: { observedGeneration: 1 } });
    expect(answer.json['metadata']).toMatchObject({ generation: 1, labels: { a: 'b' } });
  });

  test('Checkpoint drops a status that is sent with its creation, and shows that it waits', async () => {
    const object = { ...checkpoint({ podName: 'web' }), status: { observedGeneration: 7 } };
    const path = await world.make(object);
    const { json } = await world.api.must('GET', path);
    const pending = { reason: 'Pending', message: 'Waits for the controller of Stasis.' };
    expect(json['status']).toEqual({
      conditions: [
        { type: 'Succeeded', status: 'Unknown', ...pending, lastTransitionTime: '1970-01-01T00:00:00Z' },
        { type: 'Finished', status: 'False', ...pending, lastTransitionTime: '1970-01-01T00:00:00Z' },
        { type: 'Reconciling', status: 'True', ...pending, lastTransitionTime: '1970-01-01T00:00:00Z' },
      ],
    });
    expect(await world.printed(path)).toMatchObject({ State: 'Pending', Pod: 'web', Node: null, 'Hold-Until': null });
  });

  test("Checkpoint keeps nothing of the default status when its controller applies all of the default's conditions", async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const types = ['Succeeded', 'Finished', 'Reconciling'];
    const conditions = types.map((type) => condition(type, 'Unknown', 'PodBusy'));
    const body = {
      apiVersion: 'stasis.dev/v1alpha1',
      kind: 'Checkpoint',
      status: { observedGeneration: 1, conditions },
    };
    const apply = { body, contentType: APPLY_PATCH, headers: CONTROLLER };
    const { json } = await world.api.must('PATCH', `${path}/status?fieldManager=stasis-controller&force=true`, apply);
    expect((json['status'] as { conditions: object[] }).conditions).toEqual(conditions);
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

  test.each([
    ['no podUID', { podUID: undefined }, /status.pods\[0\].podUID: Required value/],
    ['no state', { state: undefined }, /status.pods\[0\].state: Required value/],
    ['an unknown state', { state: 'Sleeping' }, /Unsupported value: "Sleeping"/],
    ['a reason with a space', { reason: 'Went wrong' }, /reason in body should match/],
  ])('Checkpoint refuses a row with %s', async (_, wrong, message) => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const right = {
      podUID: 'u',
      podName: 'web',
      nodeName: 'node-1',
      state: 'Waiting',
      reason: 'PodBusy',
      message: 'm',
    };
    expect((await world.patch(`${path}/status`, { status: { pods: [right] } })).code).toBe(200);
    const answer = await world.patch(`${path}/status`, { status: { pods: [{ ...right, ...wrong }] } });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test('Checkpoint prints the columns POD, NODE, STATE, PAUSE, HOLD-UNTIL, PROCESSES, THREADS and AGE', async () => {
    const path = await world.make(checkpoint({ podName: 'web', hold: { seconds: 60 } }));
    const identity = { podName: 'web', podUID: 'u', nodeName: 'node-1', state: 'Holding' };
    const row = { ...identity, pause: '12.345ms', processes: 3, threads: 8 };
    const times = { heldFrom: '2026-01-01T00:00:00.000001Z', holdUntil: '2026-01-01T00:01:00.000001Z' };
    const status = { ...times, conditions: [condition('Succeeded', 'Unknown', 'Holding')], pods: [row] };
    expect((await world.patch(`${path}/status`, { status })).code).toBe(200);
    expect(await world.printed(path)).toEqual({
      Name: expect.any(String),
      Pod: 'web',
      Node: 'node-1',
      State: 'Holding',
      Pause: '12.345ms',
      'Hold-Until': '2026-01-01T00:01:00.000001Z',
      Processes: 3,
      Threads: 8,
      Age: expect.any(String),
    });
  });

  test('Checkpoint can be selected by its pod, but not by an undeclared field', async () => {
    const path = await world.make(checkpoint({ podName: 'chosen' }));
    await world.make(checkpoint({ podName: 'another' }));
    expect(await world.selected('checkpoints', 'spec.podName=chosen')).toEqual([path.split('/').at(-1)]);
    expect((await world.api.request('GET', `${world.list('checkpoints')}?fieldSelector=spec.dryRun%3Dtrue`)).code).toBe(
      400,
    );
  });
});
