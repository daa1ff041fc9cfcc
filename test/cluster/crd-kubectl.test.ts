/** Tests what people do with kubectl on a real API server. No controller runs: the tests write the statuses themselves. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { capture, CAPTURE, checkpoint, condition, KindsWorld } from './kinds-world.js';

const world = new KindsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

const API_VERSION = 'stasis.dev/v1alpha1';
const SERVER_SIDE = ['--server-side'];

function manifest(name: string, spec: object): string {
  return stringify({ apiVersion: API_VERSION, kind: 'Checkpoint', metadata: { name }, spec });
}

/** The hold of a Checkpoint, as the API server has it. */
async function holdOf(name: string): Promise<unknown> {
  const { json } = await world.api.must('GET', `${world.list('checkpoints')}/${name}`);
  return (json['spec'] as { hold?: unknown }).hold;
}

/** Writes what the controller writes when it has let the pod go. */
async function released(name: string): Promise<void> {
  const conditions = [condition('Held', 'False', 'ReleaseRequested')];
  const answer = await world.patch(`${world.list('checkpoints')}/${name}/status`, { status: { conditions } });
  expect(answer.code).toBe(200);
}

async function refusal(args: readonly string[], input?: string): Promise<string> {
  return await world.kubectl(args, input).then(
    () => 'was accepted',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe('kubectl apply', () => {
  test.each([
    ['with client-side apply', 'client', []],
    ['with server-side apply', 'server', SERVER_SIDE],
  ])('the first manifest is accepted again after a release, %s', async (_, name, way) => {
    const apply = ['apply', ...way, '-f', '-'];
    const first = manifest(name, { podName: 'web', hold: { seconds: 60 } });
    await world.kubectl(apply, first);
    expect(await world.kubectl(apply, first)).toMatch(/unchanged|serverside-applied/);
    await world.kubectl(['patch', 'ckpt', name, '--type=merge', '-p', '{"spec":{"hold":{"release":true}}}']);
    await world.kubectl(apply, first);
    // The manifest says nothing about the release, so nobody takes it back.
    expect(await holdOf(name)).toEqual({ seconds: 60, release: true, despiteProbes: false });
    const whole = manifest(name, { podName: 'web', hold: { seconds: 60, release: false } });
    const again = way.length === 0 ? apply : [...apply, '--force-conflicts'];
    expect(await refusal(again, whole)).toMatch(/the release has not been carried out yet/);
    await released(name);
    await world.kubectl(again, whole);
    expect(await holdOf(name)).toMatchObject({ seconds: 60, release: false });
  });

  test.each([[[]], [SERVER_SIDE]])('a release is applied as a manifest (%j)', async (way) => {
    const name = `applied-${way.length}`;
    const apply = ['apply', ...way, '-f', '-'];
    await world.kubectl(apply, manifest(name, { podName: 'web', hold: { seconds: 60 } }));
    await world.kubectl(apply, manifest(name, { podName: 'web', hold: { seconds: 60, release: true } }));
    expect(await holdOf(name)).toMatchObject({ release: true });
  });

  test.each([
    [
      'another pod',
      { podName: 'other', hold: { seconds: 60 } },
      /podName cannot be changed; create another Checkpoint/,
    ],
    ['a longer hold', { podName: 'web', hold: { seconds: 61 } }, /hold.seconds cannot be changed; set hold.release/],
    ['a manifest of older versions', { podName: 'web', holdSeconds: 60 }, /unknown field "spec.holdSeconds"/],
  ])('%s is refused, and the message says what to do', async (_, spec, message) => {
    const name = 'refused';
    await world.kubectl(['apply', '-f', '-'], manifest(name, { podName: 'web', hold: { seconds: 60 } }));
    expect(await refusal(['apply', '-f', '-'], manifest(name, spec))).toMatch(message);
  });

  test.each([[[]], [SERVER_SIDE]])('another time to live is applied (%j)', async (way) => {
    const name = `ttl-${way.length}`;
    for (const ttlSecondsAfterFinished of [60, 0])
      await world.kubectl(['apply', ...way, '-f', '-'], manifest(name, { podName: 'web', ttlSecondsAfterFinished }));
    const printed = await world.kubectl(['get', 'ckpt', name, '-o', 'jsonpath={.spec.ttlSecondsAfterFinished}']);
    expect(printed).toBe('0');
  });
});

describe('kubectl', () => {
  test('explain tells what a hold is, how it ends early, and what its fields are', async () => {
    const text = (await world.kubectl(['explain', 'checkpoint.spec.hold'])).replaceAll(/\s+/g, ' ');
    expect(text).toContain('KIND: Checkpoint');
    expect(text).toContain('Holds the pod after it was read. Without it, the pod is let go at once.');
    expect(text).toMatch(/seconds <integer> -required- How many seconds the pod is held at most/);
    expect(text).toMatch(/release <boolean> True lets the pod go now/);
    expect(text).toMatch(/despiteProbes <boolean> Holds the pod even if its own liveness or startup probes/);
    for (const path of ['podcap.spec.hold.releaseReason', 'ckpt.spec.startingDeadlineSeconds', 'ckpt.status.holdUntil'])
      expect(await world.kubectl(['explain', path])).toContain('DESCRIPTION:');
  });

  test('get knows the short names, the columns, the category and the field selector', async () => {
    const path = await world.make(checkpoint({ podName: 'selected' }));
    const name = path.split('/').at(-1) ?? '';
    await world.make(checkpoint({ podName: 'not-selected' }));
    const table = await world.kubectl(['get', 'ckpt', '--field-selector', 'spec.podName=selected']);
    const [header = '', row = '', ...others] = table.trimEnd().split('\n');
    expect(header.split(/ +/)).toEqual([
      'NAME',
      'POD',
      'NODE',
      'STATE',
      'PAUSE',
      'HOLD-UNTIL',
      'PROCESSES',
      'THREADS',
      'AGE',
    ]);
    expect(row).toMatch(new RegExp(`^${name} +selected +(<none> +)?Pending `));
    expect(others).toEqual([]);
    await world.make(capture({ ...CAPTURE, podName: 'selected' }));
    const captures = await world.kubectl(['get', 'podcap', '--field-selector', 'spec.podName=selected']);
    expect(captures).toMatch(
      /^NAME +CHECKPOINT +POD +NODE +STATE +PAUSE US +PROCESSES +THREADS +AGE\n.+ selected +node-1 /,
    );
    const all = await world.kubectl(['get', 'stasis', '-o', 'name']);
    for (const kind of ['checkpoint', 'podcapture']) expect(all).toContain(`${kind}.stasis.dev/`);
    expect(await refusal(['get', 'pcap'])).toContain('the server doesn\'t have a resource type "pcap"');
  });

  test.each([
    ['success', 'True', 'Captured'],
    ['failure', 'False', 'PodNotFound'],
  ])('wait --for=condition=Finished returns after a %s, and not before', async (_, status, reason) => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const wait = (seconds: number): readonly string[] => {
      return ['wait', `--for=condition=Finished`, `--timeout=${seconds}s`, `ckpt/${path.split('/').at(-1)}`];
    };
    expect(await refusal(wait(1))).toContain('timed out waiting for the condition');
    const conditions = [condition('Succeeded', status, reason), condition('Finished', 'True', reason)];
    await world.patch(`${path}/status`, { status: { observedGeneration: 1, conditions } });
    expect(await world.kubectl(wait(20))).toContain('condition met');
  });

  test('a new Checkpoint is Reconciling for tools that follow kstatus, with the generation it has', async () => {
    const path = await world.make(checkpoint({ podName: 'web' }));
    const { json } = await world.api.must('GET', path);
    const { conditions, observedGeneration } = json['status'] as {
      conditions: { type: string; status: string; observedGeneration?: number }[];
      observedGeneration?: number;
    };
    // kstatus takes an object for done when it has neither Reconciling nor Stalled, and an observedGeneration that is not
    // behind. A default cannot know the generation.
    expect(observedGeneration).toBeUndefined();
    expect(conditions.find(({ type }) => type === 'Reconciling')).toMatchObject({ status: 'True' });
    expect(conditions.find(({ type }) => type === 'Stalled')).toBeUndefined();
  });
});
