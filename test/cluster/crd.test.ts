/**
 * Tests the common parts of both kinds, and which Checkpoints a real API server accepts or refuses, with which
 * messages.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { API, FULL, KindsWorld } from './kinds-world.js';

const world = new KindsWorld();
beforeAll(async () => await world.open(), 120_000);
afterAll(async () => await world.close(), 60_000);

describe('Checkpoint', () => {
  test.each([
    ['with only a podName', { podName: 'web' }],
    ['with every field at its largest', FULL],
    [
      'with every field at its smallest',
      { ...FULL, timeoutSeconds: 1, startingDeadlineSeconds: 1, hold: { seconds: 1 }, maxPauseMilliseconds: 1 },
    ],
    ['with a time to live of 0', { podName: 'web', ttlSecondsAfterFinished: 0 }],
    [
      'with a name of 253 characters',
      { podName: `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}` },
    ],
    ['with 32 containers', { podName: 'web', containers: Array.from({ length: 32 }, (_, index) => `c${index}`) }],
    [
      'with a hold far longer than the longest pause',
      { podName: 'web', hold: { seconds: 3600 }, maxPauseMilliseconds: 1 },
    ],
    ['with a hold that is released before it begins', { podName: 'web', hold: { seconds: 9, release: true } }],
  ])('Checkpoint is accepted %s', async (_, spec) => {
    expect((await world.tryCheckpoint(spec)).code).toBe(201);
  });

  test('Checkpoint gets its defaults from the server', async () => {
    const { json } = await world.tryCheckpoint({ podName: 'web' });
    expect(json['spec']).toEqual({
      podName: 'web',
      freezer: 'Auto',
      timeoutSeconds: 10,
      startingDeadlineSeconds: 600,
      dryRun: false,
    });
    const held = await world.tryCheckpoint({ podName: 'web', hold: { seconds: 5 } });
    expect(held.json['spec']).toMatchObject({ hold: { seconds: 5, release: false, despiteProbes: false } });
  });

  test('Checkpoint is accepted with a name that the server generates', async () => {
    expect((await world.tryCheckpoint({ podName: 'web' }, { name: undefined, generateName: 'try-' })).code).toBe(201);
  });

  const A_NAME_MUST = /a lowercase RFC 1123 (subdomain|label) must consist of lower case alphanumeric characters/;
  test.each([
    ['neither podName nor podSelector', {}, /spec: .*exactly one of podName and podSelector must be set/],
    [
      'both podName and podSelector',
      { podName: 'web', podSelector: { matchLabels: { app: 'web' } } },
      /exactly one of podName and podSelector must be set/,
    ],
    [
      'a podSelector',
      { podSelector: { matchLabels: { app: 'web' } } },
      /spec.podSelector: .*podSelector is reserved and not implemented yet; name one pod in podName/,
    ],
    ['an empty podSelector', { podSelector: {} }, /podSelector is reserved and not implemented yet/],
    ['an empty podName', { podName: '' }, /spec.podName in body should be at least 1 chars long/],
    ['a podName in capitals', { podName: 'Web' }, /podName Web is no name of a pod: /],
    ['a podName in capitals, with a hint', { podName: 'Web' }, A_NAME_MUST],
    ['a podName that is a path upwards', { podName: '../../etc/passwd' }, /is no name of a pod: /],
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
    ['hold: {}', { podName: 'web', hold: {} }, /spec.hold.seconds: Required value/],
    [
      'a hold of 0 s',
      { podName: 'web', hold: { seconds: 0 } },
      /spec.hold.seconds.* should be greater than or equal to 1/,
    ],
    ['a hold of 3601 s', { podName: 'web', hold: { seconds: 3601 } }, /should be less than or equal to 3600/],
    ['hold: 60', { podName: 'web', hold: 60 }, /spec.hold.* must be of type object/],
    [
      'hold.release: "yes"',
      { podName: 'web', hold: { seconds: 5, release: 'yes' } },
      /spec.hold.release.* must be of type boolean/,
    ],
    [
      'an unknown field of the hold',
      { podName: 'web', hold: { seconds: 5, flush: true } },
      /unknown field "spec.hold.flush"/,
    ],
    ['the hold of older versions', { podName: 'web', holdSeconds: 5 }, /unknown field "spec.holdSeconds"/],
    [
      'startingDeadlineSeconds: 0',
      { podName: 'web', startingDeadlineSeconds: 0 },
      /should be greater than or equal to 1/,
    ],
    [
      'startingDeadlineSeconds: 86401',
      { podName: 'web', startingDeadlineSeconds: 86_401 },
      /should be less than or equal to 86400/,
    ],
    ['maxPauseMilliseconds: 0', { podName: 'web', maxPauseMilliseconds: 0 }, /should be greater than or equal to 1/],
    [
      'maxPauseMilliseconds: 300001',
      { podName: 'web', maxPauseMilliseconds: 300_001 },
      /should be less than or equal to 300000/,
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
    ['an unknown field', { podName: 'web', timeoutSecond: 5 }, /unknown field "spec.timeoutSecond"/],
    ['spec: null', null, /spec: Required value/],
    ['spec: "web"', 'web', /spec.* must be of type object/],
    ['spec: []', [], /spec.* must be of type object/],
  ])('Checkpoint is refused with %s', async (_, spec, message) => {
    const answer = await world.tryCheckpoint(spec);
    expect([400, 422]).toContain(answer.code);
    expect(answer.message).toMatch(message);
  });

  test.each([
    ['../escape', /metadata.name: Invalid value/],
    ['UPPER', /metadata.name: Invalid value/],
    ['a'.repeat(254), /metadata.name: Invalid value/],
    ['', /name or generateName is required/],
  ])('Checkpoint is refused with the name %j', async (name, message) => {
    const answer = await world.tryCheckpoint({ podName: 'web' }, { name, generateName: undefined });
    expect(answer.code).toBe(422);
    expect(answer.message).toMatch(message);
  });

  test("Checkpoint is refused above the server's size limit, without harm to the server", async () => {
    const answer = await world.tryCheckpoint({ podName: 'web' }, { annotations: { big: 'x'.repeat(4_000_000) } });
    expect([413, 422]).toContain(answer.code);
    expect((await world.tryCheckpoint({ podName: 'web' })).code).toBe(201);
  });
});

describe('both kinds', () => {
  test('have their short names and their category', async () => {
    const { json } = await world.api.must('GET', API);
    const resources = json['resources'] as { name: string; shortNames?: string[]; categories?: string[] }[];
    const named = resources.filter(({ shortNames }) => shortNames !== undefined);
    expect(named.sort((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { name: 'checkpoints', shortNames: ['ckpt'], categories: ['stasis'] },
      { name: 'podcaptures', shortNames: ['podcap'], categories: ['stasis'] },
    ]);
  });

  test('describe every field for kubectl explain', async () => {
    const { json } = await world.api.must('GET', '/openapi/v3/apis/stasis.dev/v1alpha1');
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

/** Returns the paths of fields without a description, except those that every kind has. */
function undocumented(path: string, schema: Schema): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(field.description === undefined && name !== 'metadata' ? [`${path}.${name}`] : []),
    ...(name === 'metadata' ? [] : undocumented(`${path}.${name}`, field)),
    ...(field.items === undefined ? [] : undocumented(`${path}.${name}[]`, field.items)),
  ]);
}
