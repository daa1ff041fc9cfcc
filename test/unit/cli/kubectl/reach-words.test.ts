/** Tests the small pure parts of the commands that reach the nodes, by value. */
import { describe, expect, test } from '@jest/globals';
import { agentsOf } from '../../../../src/cli/kubectl/agent-pods.js';
import { withArtifact } from '../../../../src/cli/kubectl/artifact-capture.js';
import { formatBytes, sumFile } from '../../../../src/cli/kubectl/artifact-request.js';
import { isWell, parseDoctorReport } from '../../../../src/cli/kubectl/doctor-answer.js';
import { describeExecFailure } from '../../../../src/cli/kubectl/exec-refusal.js';
import { formatSpan } from '../../../../src/cli/kubectl/format-span.js';
import { limited } from '../../../../src/cli/kubectl/limited.js';
import type { Finding, Verdict } from '../../../../src/cli/kubectl/preflight-findings.js';
import { describeUnfrozen } from '../../../../src/cli/kubectl/unfrozen-words.js';
import { verdictOf } from '../../../../src/cli/kubectl/render-preflight.js';
import type { PodCapture } from '../../../../src/api/kinds.js';
import { agentPod, HOME } from './stasis-cluster.js';

describe('formatSpan()', () => {
  test.each([
    [0, '0s'],
    [20, '20s'],
    [291, '4m51s'],
    [3600, '1h'],
    [3605, '1h'],
    [183_600, '2d3h'],
  ])('of %d is %s', (seconds, text) => {
    expect(formatSpan(seconds)).toBe(text);
  });
});

test('formatBytes() and sumFile()', () => {
  expect([0, 1023, 1536, 5 << 20].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 MiB']);
  expect(sumFile('ab', 'x.json')).toBe('ab  x.json\n');
});

describe('limited()', () => {
  test('keeps the order, and never does more at once', async () => {
    let [now, most] = [0, 0];
    const work = async (item: number): Promise<number> => {
      now += 1;
      most = Math.max(most, now);
      await Promise.resolve();
      now -= 1;
      return item * 2;
    };
    expect(await limited([1, 2, 3, 4, 5], 2, work)).toEqual([2, 4, 6, 8, 10]);
    expect(most).toBe(2);
    expect(await limited([], 2, work)).toEqual([]);
  });
});

describe('agentsOf()', () => {
  test('prefers the pod that runs, and names the one that does not', () => {
    const failed = agentPod('node-1', HOME, { phase: 'Failed' });
    const starting = agentPod('node-2', HOME, { phase: 'Running' });
    expect(agentsOf([failed, agentPod('node-1'), starting])).toEqual([
      { kind: 'running', nodeName: 'node-1', pod: 'agent-node-1' },
      { kind: 'down', nodeName: 'node-2', message: expect.stringContaining('its container does not run') },
    ]);
    expect(agentsOf([agentPod('node-1'), failed])).toMatchObject([{ kind: 'running' }]);
  });

  test('names the node of a pod that finds no room on it', () => {
    const pending = agentPod('', HOME, { phase: 'Pending' });
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['node-3'] }];
    const required = { nodeSelectorTerms: [{ matchFields }] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    const spec = { ...pending.spec, affinity };
    expect(agentsOf([{ ...pending, spec }])).toEqual([
      { kind: 'down', nodeName: 'node-3', message: expect.stringContaining('it is in phase Pending') },
    ]);
  });
});

describe('describeExecFailure()', () => {
  const attempt = { namespace: HOME, pod: 'agent-1', serverName: 'api:6443' };

  test.each([
    [{ code: 403, message: 'User "jane" cannot get resource "pods/exec"' }, 'you may not get pods/exec in namespace'],
    [
      { code: 403, message: 'User "jane" cannot create resource "pods/exec"' },
      'you may not create pods/exec in namespace',
    ],
    [{ code: 403, message: 'denied by a webhook' }, 'forbids it: denied by a webhook'],
    [{ code: 401, message: 'Unauthorized' }, 'does not accept the credentials'],
    [{ code: 404, message: 'pods "agent-1" not found' }, "the agent's pod agent-1 has gone; try again"],
    [{ code: 500, message: 'error dialing backend' }, 'does not run the command in pod agent-1: error dialing backend'],
    [{ message: 'the connection ended' }, 'was not carried out to its end (the connection ended); try again'],
  ])('of %j', (failure, words) => {
    expect(describeExecFailure(failure, attempt)).toContain(words);
  });
});

describe('parseDoctorReport()', () => {
  const report = {
    at: 'x',
    well: true,
    cgroups: 1,
    frozen: [],
    traced: [],
    thawed: [],
    journals: [],
    node: [{ name: 'kernel', verdict: 'Fit', detail: '6' }],
    unseen: [],
  };

  test('takes a report, and nothing that only looks like one', () => {
    expect(parseDoctorReport(JSON.stringify(report))).toEqual(report);
    const wrong: readonly object[] = [
      { ...report, well: 'yes' },
      { ...report, frozen: undefined },
      { ...report, frozen: [{ directory: '/x', version: 'v2', tasks: 1, processes: [], holder: { kind: 'New' } }] },
      { ...report, traced: [null] },
      { ...report, node: [{ name: 'kernel', verdict: 'Great', detail: '6' }] },
      { ...report, unseen: [1] },
    ];
    expect(wrong.map((each) => parseDoctorReport(JSON.stringify(each)))).toEqual(wrong.map(() => undefined));
    expect(parseDoctorReport('{')).toBeUndefined();
  });

  test('a node that does not answer is not well', () => {
    expect(isWell({ node: 'a', kind: 'silent', message: '' })).toBe(false);
  });
});

describe('describeUnfrozen()', () => {
  const task = { tid: 7, comm: 'dd', state: 'D', waitChannel: '', cause: 'Uninterruptible' } as const;

  test('names eight tasks, and counts the others', () => {
    const words = describeUnfrozen(Array.from({ length: 10 }, () => task));
    expect(words).toHaveLength(9);
    expect(words[0]).toMatch(/^task 7 \(dd, state D\) waits in the kernel/);
    expect(words[8]).toBe('and 2 more tasks');
  });

  test('names a cause that only a newer controller knows', () => {
    const future = { ...task, cause: 'Dreaming' as 'Unknown' };
    expect(describeUnfrozen([future])).toEqual(['task 7 (dd, state D) would not stop: Dreaming']);
  });
});

function finding(verdict: Verdict, byClock?: true): Finding {
  return { topic: 't', words: 'w', verdict, ...(byClock === undefined ? {} : { byClock }) };
}

describe('verdictOf()', () => {
  test.each([
    [[finding('ok'), finding('note')], false, 'ok'],
    [[finding('not known')], false, 'not known'],
    [[finding('not known')], true, 'ok'],
    [[finding('obstacle')], true, 'obstacle'],
    [[finding('obstacle', true)], true, 'ok'],
    [[finding('obstacle', true)], false, 'obstacle'],
  ] as const)('of %j after a dry run that passed (%j): %s', (findings, dryRunPassed, verdict) => {
    expect(verdictOf({ findings, dryRunPassed })).toBe(verdict);
  });
});

describe('withArtifact()', () => {
  const capture = {
    metadata: { uid: 'u', name: 'c' },
    status: { truncated: true, processes: 9, tree: [], heldFrom: 'x' },
  } as unknown as PodCapture;

  test('takes the status of the artifact, and keeps what only the PodCapture has', () => {
    const text = JSON.stringify({ kind: 'PodCapture', metadata: { uid: 'u' }, status: { processes: 9, tree: [{}] } });
    expect(withArtifact(capture, text)?.status).toEqual({ processes: 9, tree: [{}], heldFrom: 'x' });
  });

  test('takes nothing else', () => {
    const other = JSON.stringify({ kind: 'PodCapture', metadata: { uid: 'v' }, status: { tree: [] } });
    expect([other, '{}', 'no JSON', '{"kind":"PodCapture"}'].map((text) => withArtifact(capture, text))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
