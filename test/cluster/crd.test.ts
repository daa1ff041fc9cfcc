/** The two kinds on a real API server: what it takes, what it refuses, and in which words. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MERGE_PATCH, type Answer } from './api-client.js';
import { openInstalled, STASIS_NAMESPACE, type Installed } from './installed.js';

const API = '/apis/stasis.dev/v1alpha1';
const CONTROLLER = {
  'Impersonate-User': `system:serviceaccount:${STASIS_NAMESPACE}:stasis-controller`,
  'Impersonate-Group': 'system:masters',
};

let cluster: Installed;
let namespace = '';

beforeAll(async () => {
  cluster = await openInstalled('stasis-crd');
  const made = await cluster.api.must('POST', '/api/v1/namespaces', { body: { metadata: { generateName: 'crd-' } } });
  namespace = (made.json['metadata'] as { name: string }).name;
}, 120_000);

afterAll(async () => {
  await cluster.api.request('DELETE', `/api/v1/namespaces/${namespace}`);
  await cluster.close();
}, 60_000);

let serial = 0;

function checkpoint(spec: unknown, metadata: object = {}): object {
  serial += 1;
  return { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint', metadata: { name: `c${serial}`, ...metadata }, spec };
}

const CAPTURE = {
  nodeName: 'node-1',
  podName: 'web',
  podUID: '0f8fad5b-d9cb-469f-a165-70867728950e',
  containers: [{ name: 'app', containerID: 'abc123' }],
  freezer: 'Auto',
  timeoutSeconds: 10,
  holdSeconds: 60,
  dryRun: false,
};

function capture(spec: unknown): object {
  serial += 1;
  return { apiVersion: 'stasis.dev/v1alpha1', kind: 'PodCapture', metadata: { name: `p${serial}` }, spec };
}

/** Dry runs go through schema, rules and policies, and leave nothing. */
async function tryCheckpoint(spec: unknown, metadata: object = {}): Promise<Answer> {
  const path = `${API}/namespaces/${namespace}/checkpoints?dryRun=All&fieldValidation=Strict`;
  return await cluster.api.request('POST', path, { body: checkpoint(spec, metadata) });
}

async function tryCapture(spec: unknown): Promise<Answer> {
  const path = `${API}/namespaces/${namespace}/podcaptures?dryRun=All&fieldValidation=Strict`;
  return await cluster.api.request('POST', path, { body: capture(spec), headers: CONTROLLER });
}

/** Makes one for good, and gives its path. */
async function make(object: object): Promise<string> {
  const { kind } = object as { kind: string };
  const plural = kind === 'Checkpoint' ? 'checkpoints' : 'podcaptures';
  const path = `${API}/namespaces/${namespace}/${plural}`;
  const made = await cluster.api.must('POST', path, { body: object, headers: CONTROLLER });
  return `${path}/${(made.json['metadata'] as { name: string }).name}`;
}

async function patch(path: string, body: object): Promise<Answer> {
  return await cluster.api.request('PATCH', path, { body, contentType: MERGE_PATCH, headers: CONTROLLER });
}

/** Everything that may be set. */
const FULL = {
  podName: 'web-0.example',
  containers: ['app', 'sidecar'],
  freezer: 'None',
  timeoutSeconds: 300,
  holdSeconds: 3600,
  maxPauseMilliseconds: 3_900_000,
  dryRun: true,
  include: ['Cmdline'],
  ttlSecondsAfterFinished: 31_536_000,
};

describe('Checkpoint', () => {
  test.each([
    ['with nothing but a name', { podName: 'web' }],
    ['with every field at its largest', FULL],
    ['with every field at its smallest', { ...FULL, timeoutSeconds: 1, holdSeconds: 0, maxPauseMilliseconds: 1 }],
    [
      'with a name of 253 characters',
      { podName: `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}` },
    ],
    ['with 32 containers', { podName: 'web', containers: Array.from({ length: 32 }, (_, index) => `c${index}`) }],
    ['with a hold just below the longest pause', { podName: 'web', holdSeconds: 9, maxPauseMilliseconds: 9001 }],
  ])('Checkpoint is taken %s', async (_, spec) => {
    expect((await tryCheckpoint(spec)).code).toBe(201);
  });

  test('Checkpoint gets its defaults from the server', async () => {
    const { json } = await tryCheckpoint({ podName: 'web' });
    expect(json['spec']).toEqual({
      podName: 'web',
      freezer: 'Auto',
      timeoutSeconds: 10,
      holdSeconds: 0,
      dryRun: false,
    });
  });

  test('Checkpoint is taken with a name that the server makes', async () => {
    expect((await tryCheckpoint({ podName: 'web' }, { name: undefined, generateName: 'try-' })).code).toBe(201);
  });

  const A_NAME_MUST = /a lowercase RFC 1123 (subdomain|label) must consist of lower case alphanumeric characters/;
  test.each([
    ['no podName', {}, /spec.podName: Required value/],
    ['an empty podName', { podName: '' }, /spec.podName in body should be at least 1 chars long/],
    ['a podName in capitals', { podName: 'Web' }, /podName Web is no name of a pod: /],
    ['a podName in capitals, and says what is right', { podName: 'Web' }, A_NAME_MUST],
    ['a podName that climbs', { podName: '../../etc/passwd' }, /is no name of a pod: /],
    ['a podName with a newline', { podName: 'web\nx' }, /podName is no name of a pod, which has lower case letters/],
    ['a podName with a null byte', { podName: 'web\u0000' }, /is no name of a pod: /],
    ['a podName with a right-to-left override', { podName: 'web\u202egnp' }, /is no name of a pod: /],
    ['a podName like an option', { podName: '--help' }, /is no name of a pod: /],
    ['a podName with a shell in it', { podName: '$(reboot)' }, /is no name of a pod: /],
    ['a podName of 254 characters', { podName: 'a'.repeat(254) }, /spec.podName: Too long: may not be more than 253/],
    ['a podName of a megabyte', { podName: 'a'.repeat(1_000_000) }, /spec.podName: Too long/],
    ['a podName that is a number', { podName: 7 }, /spec.podName.* must be of type string/],
    ['a podName that is a list', { podName: ['web'] }, /spec.podName.* must be of type string/],
    ['containers: []', { podName: 'web', containers: [] }, /spec.containers in body should have at least 1 items/],
    ['the same container twice', { podName: 'web', containers: ['a', 'a'] }, /spec.containers\[1\]: Duplicate value/],
    ['a container with a slash', { podName: 'web', containers: ['a/b'] }, /container a\/b is no name of a container: /],
    [
      'a container with a newline',
      { podName: 'web', containers: ['a\nb'] },
      /this is no name of a container, which has/,
    ],
    ['a container with a dot', { podName: 'web', containers: ['a.b'] }, /container a\.b is no name of a container: /],
    [
      'a container of 64 characters',
      { podName: 'web', containers: ['a'.repeat(64)] },
      /Too long: may not be more than 63/,
    ],
    [
      '33 containers',
      { podName: 'web', containers: Array.from({ length: 33 }, (_, i) => `c${i}`) },
      /must have at most 32 items/,
    ],
    [
      'freezer: auto',
      { podName: 'web', freezer: 'auto' },
      /spec.freezer: Unsupported value: "auto": supported values: "Auto", "None"/,
    ],
    [
      'timeoutSeconds: 0',
      { podName: 'web', timeoutSeconds: 0 },
      /spec.timeoutSeconds in body should be greater than or equal to 1/,
    ],
    ['timeoutSeconds: 301', { podName: 'web', timeoutSeconds: 301 }, /should be less than or equal to 300/],
    ['timeoutSeconds: 1.5', { podName: 'web', timeoutSeconds: 1.5 }, /spec.timeoutSeconds.* must be of type integer/],
    ['timeoutSeconds: "10"', { podName: 'web', timeoutSeconds: '10' }, /spec.timeoutSeconds.* must be of type integer/],
    ['timeoutSeconds: 2^63', { podName: 'web', timeoutSeconds: 2 ** 63 }, /spec.timeoutSeconds/],
    ['holdSeconds: -1', { podName: 'web', holdSeconds: -1 }, /should be greater than or equal to 0/],
    ['holdSeconds: 3601', { podName: 'web', holdSeconds: 3601 }, /should be less than or equal to 3600/],
    ['maxPauseMilliseconds: 0', { podName: 'web', maxPauseMilliseconds: 0 }, /should be greater than or equal to 1/],
    [
      'maxPauseMilliseconds: 3900001',
      { podName: 'web', maxPauseMilliseconds: 3_900_001 },
      /should be less than or equal to 3900000/,
    ],
    [
      'a hold that fills the longest pause',
      { podName: 'web', holdSeconds: 9, maxPauseMilliseconds: 9000 },
      /spec.maxPauseMilliseconds: .*bounds the whole pause, and holdSeconds is a part of it: 9000 ms leave no room for a hold of 9 s/,
    ],
    ['dryRun: "yes"', { podName: 'web', dryRun: 'yes' }, /spec.dryRun.* must be of type boolean/],
    [
      'include: [Environment]',
      { podName: 'web', include: ['Environment'] },
      /Unsupported value: "Environment": supported values: "Cmdline"/,
    ],
    ['include: []', { podName: 'web', include: [] }, /spec.include in body should have at least 1 items/],
    [
      'ttlSecondsAfterFinished: -1',
      { podName: 'web', ttlSecondsAfterFinished: -1 },
      /should be greater than or equal to 0/,
    ],
    ['a TTL beyond a year', { podName: 'web', ttlSecondsAfterFinished: 31_536_001 }, /should be less than or equal to/],
    ['a field that there is not', { podName: 'web', holdSecond: 5 }, /unknown field "spec.holdSecond"/],
    ['spec: null', null, /spec: Required value/],
    ['spec: "web"', 'web', /spec.* must be of type object/],
    ['spec: []', [], /spec.* must be of type object/],
  ])('Checkpoint is refused with %s', async (_, spec, message) => {
    const answer = await tryCheckpoint(spec);
    expect([400, 422]).toContain(answer.code);
    expect(answer.message).toMatch(message);
  });

  test.each([
    ['../escape', /metadata.name: Invalid value/],
    ['UPPER', /metadata.name: Invalid value/],
    ['a'.repeat(254), /metadata.name: Invalid value/],
    ['', /name or generateName is required/],
  ])('Checkpoint is refused by the name %j', async (name, message) => {
    const answer = await tryCheckpoint({ podName: 'web' }, { name });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test('Checkpoint is refused above the size that the server takes, without harm to it', async () => {
    const answer = await tryCheckpoint({ podName: 'web' }, { annotations: { big: 'x'.repeat(4_000_000) } });
    expect([413, 422]).toContain(answer.code);
    expect((await tryCheckpoint({ podName: 'web' })).code).toBe(201);
  });

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
  ])('Checkpoint keeps its %s when %j is asked', async (field, value, message) => {
    const path = await make(checkpoint(FULL));
    const answer = await patch(path, { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test.each([
    ['containers', ['app']],
    ['maxPauseMilliseconds', 1000],
    ['include', ['Cmdline']],
    ['ttlSecondsAfterFinished', 5],
  ])('Checkpoint gets no %s that it did not have', async (field, value) => {
    const path = await make(checkpoint({ podName: 'web' }));
    const answer = await patch(path, { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(`${field} cannot be changed`);
  });

  test('Checkpoint lets holdSeconds be lowered, never raised', async () => {
    const path = await make(checkpoint({ podName: 'web', holdSeconds: 60 }));
    const raised = await patch(path, { spec: { holdSeconds: 61 } });
    expect(raised.code).toBe(422);
    expect(raised.message).toMatch(/spec.holdSeconds: .*holdSeconds may only be lowered: it is 60, asked 61/);
    expect((await patch(path, { spec: { holdSeconds: 60 } })).code).toBe(200);
    expect((await patch(path, { spec: { holdSeconds: 5 } })).code).toBe(200);
    expect((await patch(path, { spec: { holdSeconds: 60 } })).code).toBe(422);
    // The default is 0: to take it away is to release at once.
    const released = await patch(path, { spec: { holdSeconds: null } });
    expect((released.json['spec'] as { holdSeconds: number }).holdSeconds).toBe(0);
  });

  test('Checkpoint does not get a hold that it was made without', async () => {
    const path = await make(checkpoint({ podName: 'web' }));
    expect((await patch(path, { spec: { holdSeconds: 60 } })).message).toMatch(/it is 0, asked 60/);
  });

  test('Checkpoint takes labels, annotations and a status without a change of its generation', async () => {
    const path = await make(checkpoint({ podName: 'web' }));
    await patch(path, { metadata: { labels: { a: 'b' } } });
    const answer = await patch(`${path}/status`, { status: { observedGeneration: 1 } });
    expect(answer.json['metadata']).toMatchObject({ generation: 1, labels: { a: 'b' } });
  });

  test('Checkpoint has no status that its creator wrote', async () => {
    const object = { ...checkpoint({ podName: 'web' }), status: { observedGeneration: 7 } };
    const { json } = await cluster.api.must('POST', `${API}/namespaces/${namespace}/checkpoints`, { body: object });
    expect(json['status']).toBeUndefined();
  });

  test.each([
    ['a reason with a space', { reason: 'Went wrong' }, /reason in body should match/],
    ['a status that is no word', { status: 'Maybe' }, /Unsupported value: "Maybe"/],
    ['a message of 4097 characters', { message: 'x'.repeat(4097) }, /Too long: may not be more than 4096/],
    ['no time', { lastTransitionTime: undefined }, /lastTransitionTime: Required value/],
    ['a time that is none', { lastTransitionTime: 'yesterday' }, /must be of type date-time/],
  ])('Checkpoint takes no condition with %s', async (_, wrong, message) => {
    const path = await make(checkpoint({ podName: 'web' }));
    const right = condition('Succeeded', 'Unknown', 'PodBusy');
    expect((await patch(`${path}/status`, { status: { conditions: [right] } })).code).toBe(200);
    const answer = await patch(`${path}/status`, { status: { conditions: [{ ...right, ...wrong }] } });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test('Checkpoint prints POD, NODE, STATE, PAUSE, PROCESSES, THREADS and AGE', async () => {
    const path = await make(checkpoint({ podName: 'web' }));
    const row = { podName: 'web', podUID: 'u', nodeName: 'node-1', pause: '12.345ms', processes: 3, threads: 8 };
    const status = { conditions: [condition('Succeeded', 'True', 'Captured')], pods: [row] };
    expect((await patch(`${path}/status`, { status })).code).toBe(200);
    expect(await printed(path)).toEqual({
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

describe('PodCapture', () => {
  test('PodCapture is taken with every field', async () => {
    const answer = await tryCapture({ ...CAPTURE, maxPauseMilliseconds: 70_000, include: ['Cmdline'] });
    expect(answer.code).toBe(201);
  });

  test.each(Object.keys(CAPTURE))('PodCapture is refused without %s', async (field) => {
    const answer = await tryCapture({ ...CAPTURE, [field]: undefined });
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
      'a containerID with the runtime before it',
      { containers: [{ name: 'a', containerID: 'containerd://abc' }] },
      /should match/,
    ],
    [
      'two containers of a name',
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
    const answer = await tryCapture({ ...CAPTURE, ...wrong });
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
  ])('PodCapture keeps its %s, whoever asks', async (field, value) => {
    const answer = await patch(await make(capture(CAPTURE)), { spec: { [field]: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain('cannot be changed');
  });

  test('PodCapture lets holdSeconds be lowered, never raised', async () => {
    const path = await make(capture(CAPTURE));
    expect((await patch(path, { spec: { holdSeconds: 0 } })).code).toBe(200);
    expect((await patch(path, { spec: { holdSeconds: 60 } })).message).toMatch(/it is 0, asked 60/);
  });

  test('PodCapture is found by its node, and by no field that is not declared', async () => {
    const path = await make(capture({ ...CAPTURE, nodeName: 'far-away' }));
    const list = `${API}/namespaces/${namespace}/podcaptures`;
    const { json } = await cluster.api.must('GET', `${list}?fieldSelector=spec.nodeName%3Dfar-away`);
    expect((json['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)).toEqual([
      path.split('/').at(-1),
    ]);
    expect((await cluster.api.request('GET', `${list}?fieldSelector=spec.podName%3Dweb`)).code).toBe(400);
  });

  test('PodCapture is claimed once: the same claim again is fine, another one is refused', async () => {
    const path = `${await make(capture(CAPTURE))}/status`;
    expect((await patch(path, { status: { claimedBy: 'agent-1' } })).code).toBe(200);
    expect((await patch(path, { status: { claimedBy: 'agent-1' } })).code).toBe(200);
    for (const claimedBy of ['agent-2', null]) {
      const answer = await patch(path, { status: { claimedBy } });
      expect(answer.code).toBe(422);
      expect(answer.message).toMatch(/status.claimedBy: .*claimed already, and a claim is for good/);
    }
    const cleared = await patch(path, { status: null });
    expect(cleared.code).toBe(422);
    expect(cleared.message).toMatch(/status cannot be taken away/);
  });

  test('PodCapture that has ended stays ended, with its status and its reason', async () => {
    const path = `${await make(capture(CAPTURE))}/status`;
    const write = async (...conditions: object[]): Promise<Answer> =>
      await patch(path, { status: { claimedBy: 'agent-1', conditions } });
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
    expect((await patch(path, { status: { conditions: null } })).code).toBe(422);
  });

  test('PodCapture takes the largest status that an agent may write', async () => {
    const path = `${await make(capture(CAPTURE))}/status`;
    const tree = Array.from({ length: 500 }, (_, index) => processRow(index + 1));
    expect((await patch(path, { status: { tree, truncated: true } })).code).toBe(200);
    const answer = await patch(path, { status: { tree: [...tree, processRow(501)] } });
    expect(answer.message).toMatch(/status.tree: Too many: 501: must have at most 500 items/);
  });

  test('PodCapture prints its columns', async () => {
    const path = await make(capture(CAPTURE));
    expect(Object.keys(await printed(path))).toEqual([
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

describe('both kinds', () => {
  test('are found by their short names and by their category', async () => {
    const { json } = await cluster.api.must('GET', API);
    const resources = json['resources'] as { name: string; shortNames?: string[]; categories?: string[] }[];
    expect(resources.filter(({ shortNames }) => shortNames !== undefined)).toMatchObject([
      { name: 'checkpoints', shortNames: ['ckpt'], categories: ['stasis'] },
      { name: 'podcaptures', shortNames: ['pcap'], categories: ['stasis'] },
    ]);
  });

  test('explain every field: kubectl explain reads what the server publishes', async () => {
    const { json } = await cluster.api.must('GET', '/openapi/v3/apis/stasis.dev/v1alpha1');
    const { schemas } = json['components'] as { schemas: Record<string, Schema> };
    const kinds = Object.entries(schemas).filter(([name]) => /\.(Checkpoint|PodCapture)$/.test(name));
    expect(kinds).toHaveLength(2);
    expect(kinds.flatMap(([name, schema]) => undocumented(name.split('.').at(-1) ?? '', schema))).toEqual([]);
  });
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Paths of fields without a description, but what every kind has. */
function undocumented(path: string, schema: Schema): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined && name !== 'metadata' ? [`${path}.${name}`] : []),
    ...(name === 'metadata' ? [] : undocumented(`${path}.${name}`, field)),
    ...(field.items === undefined ? [] : undocumented(`${path}.${name}[]`, field.items)),
  ]);
}

function condition(type: string, status: string, reason: string): object {
  return { type, status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

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

/** What `kubectl get` prints of an object, by column; without the wide ones. */
async function printed(path: string): Promise<Record<string, unknown>> {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { json } = await cluster.api.must('GET', path, { headers: { accept } });
  const columns = json['columnDefinitions'] as { name: string; priority: number }[];
  const [row] = json['rows'] as { cells: unknown[] }[];
  return Object.fromEntries(
    columns.flatMap(({ name, priority }, index) => (priority === 0 ? [[name, row?.cells[index]]] : [])),
  );
}
