/** Tests what a real API server accepts as a PodCapture, and what may change in it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Answer } from './api-client.js';
import { capture, CAPTURE, condition, KindsWorld } from './kinds-world.js';

const world = new KindsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

describe('PodCapture', () => {
  test('PodCapture is accepted with every field', async () => {
    const answer = await world.tryCapture({ ...CAPTURE, maxPauseMilliseconds: 70_000, include: ['Cmdline'] });
    expect(answer.code).toBe(201);
  });

  test.each(Object.keys(CAPTURE))('PodCapture is refused without %s', async (field) => {
    const answer = await world.tryCapture({ ...CAPTURE, [field]: undefined });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(`spec.${field}: Required value`);
  });

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
  ])('PodCapture is refused with %s', async (_, wrong, message) => {
    const answer = await world.tryCapture({ ...CAPTURE, ...wrong });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
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
  ])('PodCapture refuses to change %s, whoever asks', async (field, value) => {
    const answer = await world.patch(await world.make(capture(CAPTURE)), { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain('cannot be changed');
  });

  test('PodCapture allows holdSeconds to be lowered, but not raised', async () => {
    const path = await world.make(capture(CAPTURE));
    expect((await world.patch(path, { spec: { holdSeconds: 0 } })).code).toBe(200);
    expect((await world.patch(path, { spec: { holdSeconds: 60 } })).message).toMatch(/it is 0, asked 60/);
  });

  test('PodCapture can be selected by its node, but not by an undeclared field', async () => {
    const path = await world.make(capture({ ...CAPTURE, nodeName: 'far-away' }));
    const list = world.list('podcaptures');
    const { json } = await world.api.must('GET', `${list}?fieldSelector=spec.nodeName%3Dfar-away`);
    expect((json['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)).toEqual([
      path.split('/').at(-1),
    ]);
    expect((await world.api.request('GET', `${list}?fieldSelector=spec.podName%3Dweb`)).code).toBe(400);
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
      [condition('Thawed', 'True', 'FreezersRestored')],
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
    const tree = Array.from({ length: 500 }, (_, index) => processRow(index + 1));
    expect((await world.patch(path, { status: { tree, truncated: true } })).code).toBe(200);
    const answer = await world.patch(path, { status: { tree: [...tree, processRow(501)] } });
    expect(answer.message).toMatch(/status.tree: Too many: 501: must have at most 500 items/);
  });

  test('PodCapture prints its columns', async () => {
    const path = await world.make(capture(CAPTURE));
    expect(Object.keys(await world.printed(path))).toEqual([
      'Name',
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
