/** Tests what a real API server accepts as a PodCapture, and what may change in it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Answer } from './api-client.js';
import { capture, CAPTURE, checkpoint, condition, KindsWorld } from './kinds-world.js';

const world = new KindsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

describe('PodCapture', () => {
  test('PodCapture is accepted with every field', async () => {
    const answer = await world.tryCapture({ ...CAPTURE, maxPauseMilliseconds: 300_000, include: ['Cmdline'] });
    expect(answer.code).toBe(201);
  });

  test.each(Object.keys(CAPTURE).filter((field) => field !== 'hold'))(
    'PodCapture is refused without %s',
    async (field) => {
      const answer = await world.tryCapture({ ...CAPTURE, [field]: undefined });
      expect(answer.code).toBe(422);
      expect(answer.message).toContain(`spec.${field}: Required value`);
    },
  );

  test.each([
    ['a podUID that is a path', { podUID: '../../..' }, /spec.podUID in body should match/],
    ['a podUID with a newline at its end', { podUID: 'abc\n' }, /spec.podUID in body should match/],
    [
      'a containerID that is a path',
      { containers: [{ name: 'a', containerID: '../x' }] },
      /containerID in body should match/,
    ],
    [
      'a containerID with a runtime prefix',
      { containers: [{ name: 'a', containerID: 'containerd://abc' }] },
      /should match/,
    ],
    [
      'two containers of the same name',
      {
        containers: [
          { name: 'a', containerID: '1' },
          { name: 'a', containerID: '2' },
        ],
      },
      /Duplicate value/,
    ],
    ['no container', { containers: [] }, /should have at least 1 items/],
    ['a node without a name', { nodeName: '' }, /spec.nodeName in body should be at least 1 chars long/],
    ['a hold of no time', { hold: {} }, /spec.hold.seconds: Required value/],
    ['a hold of 0 s', { hold: { seconds: 0 } }, /should be greater than or equal to 1/],
    [
      'a reason that ends no hold',
      { hold: { seconds: 1, releaseReason: 'Captured' } },
      /spec.hold.releaseReason: Unsupported value: "Captured"/,
    ],
  ])('PodCapture is refused with %s', async (_, wrong, message) => {
    const answer = await world.tryCapture({ ...CAPTURE, ...wrong });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test('PodCapture is refused with the hold of older versions', async () => {
    const answer = await world.tryCapture({ ...CAPTURE, holdSeconds: 5 });
    expect([answer.code, answer.message]).toEqual([400, expect.stringContaining('unknown field "spec.holdSeconds"')]);
  });

  test.each([
    ['nodeName', 'node-2'],
    ['podName', 'other'],
    ['podUID', 'other'],
    ['containers', [{ name: 'other', containerID: 'def' }]],
    ['freezer', 'None'],
    ['timeoutSeconds', 20],
    ['dryRun', true],
    ['maxPauseMilliseconds', 100_000],
    ['include', ['Cmdline']],
    ['hold', { seconds: 59 }],
  ])('PodCapture refuses to change %s, whoever asks', async (field, value) => {
    const answer = await world.patch(await world.make(capture(CAPTURE)), { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain('cannot be changed');
  });

  test('PodCapture refuses to add a hold and to take a hold away', async () => {
    const message = /spec.hold: .*hold can neither be added nor removed/;
    const held = await world.patch(await world.make(capture(CAPTURE)), { spec: { hold: null } });
    expect(held.message).toMatch(message);
    const { hold, ...without } = CAPTURE;
    const added = await world.patch(await world.make(capture(without)), { spec: { hold } });
    expect(added.message).toMatch(message);
  });

  test('PodCapture accepts the reason of a release once', async () => {
    const path = await world.make(capture(CAPTURE));
    const release = async (releaseReason: string | null): Promise<Answer> =>
      await world.patch(path, { spec: { hold: { releaseReason } } });
    expect((await release('NodeDrained')).code).toBe(200);
    expect((await release('NodeDrained')).code).toBe(200);
    for (const reason of ['ReleaseRequested', null]) {
      const answer = await release(reason);
      expect(answer.code).toBe(422);
      expect(answer.message).toMatch(/spec.hold.releaseReason: .*a release is never taken back/);
    }
  });

  test('PodCapture can be selected by its node and its pod, but not by an undeclared field', async () => {
    const path = await world.make(capture({ ...CAPTURE, nodeName: 'far-away', podName: 'chosen', podUID: 'chosen-1' }));
    await world.make(capture(CAPTURE));
    for (const selector of ['spec.nodeName=far-away', 'spec.podName=chosen', 'spec.podUID=chosen-1'])
      expect(await world.selected('podcaptures', selector)).toEqual([path.split('/').at(-1)]);
    const list = world.list('podcaptures');
    expect((await world.api.request('GET', `${list}?fieldSelector=spec.dryRun%3Dfalse`)).code).toBe(400);
  });

  test('PodCapture accepts one claim: the same claim again is accepted, and another is refused', async () => {
    const path = `${await world.make(capture(CAPTURE))}/status`;
    expect((await world.patch(path, { status: { claimedBy: 'agent-1' } })).code).toBe(200);
    expect((await world.patch(path, { status: { claimedBy: 'agent-1' } })).code).toBe(200);
    for (const claimedBy of ['agent-2', null]) {
      const answer = await world.patch(path, { status: { claimedBy } });
      expect(answer.code).toBe(422);
      expect(answer.message).toMatch(/status.claimedBy: .*claimed already, and a claim is for good/);
    }
    const cleared = await world.patch(path, { status: null });
    expect(cleared.code).toBe(422);
    expect(cleared.message).toMatch(/status cannot be taken away/);
  });

  test('PodCapture keeps the status and reason of its end', async () => {
    const path = `${await world.make(capture(CAPTURE))}/status`;
    const write = async (...conditions: object[]): Promise<Answer> =>
      await world.patch(path, { status: { claimedBy: 'agent-1', conditions } });
    expect((await write(condition('Succeeded', 'Unknown', 'Capturing'))).code).toBe(200);
    expect((await write(condition('Succeeded', 'Unknown', 'Holding'))).code).toBe(200);
    const lost = condition('Succeeded', 'False', 'NodeAgentLost');
    expect((await write(lost)).code).toBe(200);
    expect((await write(lost)).code).toBe(200);
    expect((await write({ ...lost, message: 'more is known' })).code).toBe(200);
    for (const conditions of [
      [condition('Succeeded', 'True', 'Captured')],
      [condition('Succeeded', 'Unknown', 'Capturing')],
      [condition('Succeeded', 'False', 'Cancelled')],
      [condition('Released', 'True', 'FreezersRestored')],
      [],
    ]) {
      const answer = await write(...conditions);
      expect(answer.code).toBe(422);
      expect(answer.message).toMatch(/it has ended, and what has ended stays ended/);
    }
    expect((await world.patch(path, { status: { conditions: null } })).code).toBe(422);
  });

  test('PodCapture accepts the largest status that an agent may write', async () => {
    const path = `${await world.make(capture(CAPTURE))}/status`;
    const tree = Array.from({ length: 100 }, (_, index) => processRow(index + 1));
    expect((await world.patch(path, { status: { tree, truncated: true } })).code).toBe(200);
    const answer = await world.patch(path, { status: { tree: [...tree, processRow(101)] } });
    expect(answer.message).toMatch(/status.tree: Too many: 101: must have at most 100 items/);
  });

  test.each(['v1', 'v2', 'none', 'Auto'])('PodCapture refuses %s as the freezer of a container', async (freezer) => {
    const path = `${await world.make(capture(CAPTURE))}/status`;
    const row = { cgroupPath: '/a', cgroupVersion: 'V2', wasFrozen: false, processes: 1, threads: 1 };
    for (const right of ['V1', 'V2', 'None'])
      expect((await world.patch(path, { status: { containers: [{ ...row, freezer: right }] } })).code).toBe(200);
    const answer = await world.patch(path, { status: { containers: [{ ...row, freezer }] } });
    expect(answer.message).toMatch(/freezer: Unsupported value: .*supported values: "V1", "V2", "None"/);
  });

  test('PodCapture refuses an artifact without the command that prints it', async () => {
    const path = `${await world.make(capture(CAPTURE))}/status`;
    const artifact = { path: '/var/lib/stasis/x.json', sizeBytes: 1, sha256: '0'.repeat(64) };
    expect((await world.patch(path, { status: { artifact } })).message).toMatch(/artifact.command: Required value/);
    const whole = { ...artifact, command: 'kubectl exec pod/x -- stasis artifact x' };
    expect((await world.patch(path, { status: { artifact: whole } })).code).toBe(200);
  });

  test('PodCapture prints its columns, with the Checkpoint that owns it', async () => {
    // The owner must exist: the garbage collector deletes what a missing object owns.
    const { json } = await world.api.must('GET', await world.make(checkpoint({ podName: 'web' })));
    const { name, uid } = json['metadata'] as { name: string; uid: string };
    const owner = { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint', name, uid };
    const object = { ...capture(CAPTURE), metadata: { generateName: 'p-', ownerReferences: [owner] } };
    const path = await world.make(object);
    const printed = await world.printed(path);
    expect(printed).toMatchObject({ Checkpoint: name, Pod: 'web', Node: 'node-1' });
    expect(Object.keys(printed)).toEqual([
      'Name',
      'Checkpoint',
      'Pod',
      'Node',
      'State',
      'Pause us',
      'Processes',
      'Threads',
      'Age',
    ]);
  });
});

function processRow(pid: number): object {
  const ids = { real: 0, effective: 0, saved: 0, filesystem: 4_294_967_295 };
  const none = '0'.repeat(16);
  return {
    pid,
    ppid: 0,
    pgid: 0,
    sid: 0,
    comm: 'x'.repeat(64),
    state: 'Alive',
    startTime: '2026-01-01T00:00:00Z',
    startTimeTicks: 1,
    uids: ids,
    gids: ids,
    capabilities: { inheritable: none, permitted: none, effective: none, bounding: none, ambient: none },
    noNewPrivileges: false,
    seccomp: 'Filter',
    nsPids: [pid],
    namespaces: { pid: 4_026_531_836 },
    cgroup: '/kubepods',
    threads: [{ tid: pid, comm: 'x', state: 'Alive' }],
  };
}
