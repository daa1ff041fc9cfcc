/**
 * Tests `kubectl stasis` against a real API server without Stasis, with an older and a newer version of its kinds, and as users with few
 * rights.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from './api-client.js';
import { makeUser, type Rule } from './identities.js';
import { conditions, oneError, openPluginWorld, type Crd, type PluginWorld, type Schema } from './plugin-world.js';

const exec = promisify(execFile);

let world: PluginWorld;
beforeAll(async () => {
  world = await openPluginWorld('stasis-plugin');
}, 120_000);
afterAll(async () => await world.close(), 60_000);

describe('a cluster without Stasis', () => {
  test.each([
    [['list']],
    [['list', '-A']],
    [['top', '-A']],
    [['tree', 'web-1']],
    [['timings', 'web-1']],
    [['release', 'web-1']],
    [['report', 'web-1']],
    [['export', 'web-1', '-o', 'out']],
    [['checkpoint', 'pod/web']],
    [['hold', 'pod/web', '--for', '10s']],
    [['hold', 'pod/web', '--for', '10s', '--', 'touch', 'ran']],
    [['doctor']],
  ])('kubectl stasis %j says that Stasis is not installed', async (args) => {
    const ran = await world.plugin.run(args);
    expect(ran.status).toBe(1);
    expect(oneError(ran.stderr)).toMatch(/Stasis is not installed|no node agents of Stasis/);
    expect(ran.stdout).toBe('');
    expect(world.plugin.exists('ran')).toBe(false);
    expect(world.plugin.exists('out')).toBe(false);
  });

  test('explains reasons, prints its help and completes commands without any cluster', async () => {
    const nowhere = world.plugin.kubeconfig('nowhere', { server: 'https://127.0.0.1:1' });
    const explained = await world.plugin.run(['explain', 'PodBusy'], { kubeconfig: nowhere });
    expect([explained.status, explained.stderr]).toEqual([0, '']);
    expect(explained.stdout).toMatch(/Another Checkpoint of the same pod/);
    const help = await world.plugin.run(['--help'], { kubeconfig: nowhere });
    expect(help.stdout).toContain('Usage: kubectl stasis');
    // So kubectl's own scripts for shells ask kubectl, which asks kubectl_complete-stasis.
    const { stdout } = await exec('kubectl', ['__complete', 'stasis', 'tre'], { env: world.plugin.env });
    expect(stdout).toMatch(/^tree\t.+\n:4\n$/);
    const unreachable = await world.plugin.run(['list'], { kubeconfig: nowhere });
    expect([unreachable.status, oneError(unreachable.stderr)]).toEqual([
      1,
      expect.stringMatching(/127\.0\.0\.1:1 cannot be reached .*kubectl cluster-info/),
    ]);
  });
});

describe('an older and a newer Stasis than the plugin', () => {
  test('a kind that lacks a field refuses a request that needs it, and says which', async () => {
    await world.applyKinds((crd) => without(crd, 'Checkpoint', ['hold', 'maxPauseMilliseconds']));
    const ns = await world.namespace('older');
    const held = await world.plugin.run(['hold', 'pod/web', '--for', '10s', '-n', ns]);
    expect(held.status).toBe(1);
    expect(oneError(held.stderr)).toMatch(/older than this plugin.*spec\.hold/);
    const bounded = await world.plugin.run(['checkpoint', 'pod/web', '--max-pause', '20ms', '-n', ns]);
    expect(oneError(bounded.stderr)).toMatch(/older than this plugin.*maxPauseMilliseconds/);
    expect(await world.names(ns)).toEqual([]);
    // A request that the older kind knows still works.
    const plain = world.plugin.start(['checkpoint', 'pod/web', '-n', ns, '--name', 'plain', '-o', 'name']);
    await world.appeared(ns, 'plain');
    await world.setStatus(ns, 'plain', conditions('Captured', 'succeeded'));
    expect(await plain.ended).toMatchObject({ status: 0, stdout: 'checkpoint.stasis.dev/plain\n' });
  });

  test('reasons, states and fields that this plugin does not know are shown as they are', async () => {
    await world.applyKinds(opened);
    const ns = await world.namespace('newer');
    const started = world.plugin.start(['checkpoint', 'pod/web', '-n', ns, '--name', 'next']);
    await world.appeared(ns, 'next');
    const row = {
      podName: 'web',
      podUID: 'u-1',
      nodeName: 'node-1',
      state: 'Flushing',
      reason: 'Flushing',
      later: { a: 1 },
    };
    await until('the newer schema', async () => {
      const code = await world.setStatus(ns, 'next', { ...conditions('Flushing'), pods: [row] });
      return code === 200 ? true : undefined;
    });
    await until(
      'the state on the terminal',
      async () => await Promise.resolve(started.stderr().includes('Flushing') ? true : undefined),
    );
    await world.setStatus(ns, 'next', { ...conditions('SomethingNew', 'failed'), pods: [{ ...row, state: 'Lost' }] });
    const ended = await started.ended;
    expect(ended.status).toBe(1);
    expect(oneError(ended.stderr)).toContain('SomethingNew: It is SomethingNew.');
    const listed = await world.plugin.run(['list', '-n', ns]);
    expect([listed.status, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout).toMatch(/next +web +node-1 +SomethingNew/);
    const explained = await world.plugin.run(['explain', 'SomethingNew']);
    expect([explained.status, oneError(explained.stderr)]).toEqual([
      1,
      expect.stringMatching(/SomethingNew.*(upgrade|newer)/),
    ]);
  });
});

/** The kind without some fields of its spec, as an older release has it. */
function without(crd: Crd, kind: string, fields: readonly string[]): Crd {
  if (crd.spec.names.kind !== kind) return crd;
  const copy = structuredClone(crd);
  for (const { schema } of copy.spec.versions) {
    const spec = schema.openAPIV3Schema.properties?.['spec'];
    for (const field of fields) delete spec?.properties?.[field];
    // The rules name the fields that are gone.
    if (spec !== undefined) delete spec['x-kubernetes-validations'];
    delete schema.openAPIV3Schema['x-kubernetes-validations'];
  }
  return copy;
}

/** The kind with any reason and any state, as a later release may have it. */
function opened(crd: Crd): Crd {
  const copy = structuredClone(crd);
  const open = (schema: Schema): void => {
    delete schema['enum'];
    delete schema['x-kubernetes-validations'];
    if (schema['type'] === 'object' && schema.properties !== undefined)
      schema['x-kubernetes-preserve-unknown-fields'] = true;
    for (const below of Object.values(schema.properties ?? {})) open(below);
    if (schema['items'] !== undefined) open(schema['items'] as Schema);
  };
  for (const { schema } of copy.spec.versions) {
    const status = schema.openAPIV3Schema.properties?.['status'];
    if (status !== undefined) open(status);
    delete schema.openAPIV3Schema['x-kubernetes-validations'];
  }
  return copy;
}

describe('rights', () => {
  const USER: readonly Rule[] = [
    { apiGroups: ['stasis.dev'], resources: ['checkpoints'], verbs: ['create', 'get', 'list', 'patch'] },
  ];
  let ns = '';
  beforeAll(async () => {
    await world.applyKinds();
    ns = await world.namespace('rights');
  });

  test('a user without any right reads in one line which verb is missing', async () => {
    const token = await makeUser(world.api, ns, 'nobody', []);
    const kubeconfig = world.plugin.kubeconfig('nobody', { token, namespace: ns });
    const refusals: readonly [string[], string][] = [
      [['checkpoint', 'pod/web'], 'create checkpoints.stasis.dev in namespace "rights"'],
      [['hold', 'pod/web', '--for', '5s'], 'create checkpoints.stasis.dev in namespace "rights"'],
      [['list'], 'list checkpoints.stasis.dev in namespace "rights"'],
      [['list', '-A'], 'list checkpoints.stasis.dev in all namespaces'],
      [['top'], 'list checkpoints.stasis.dev in namespace "rights"'],
      [['tree', 'web-1'], 'get checkpoints.stasis.dev in namespace "rights"'],
      [['timings', 'web-1'], 'get checkpoints.stasis.dev in namespace "rights"'],
      [['release', 'web-1'], 'get checkpoints.stasis.dev in namespace "rights"'],
      [['report', 'web-1'], 'get checkpoints.stasis.dev in namespace "rights"'],
    ];
    for (const [args, missing] of refusals) {
      const ran = await world.plugin.run(args, { kubeconfig });
      expect([args, ran.status, oneError(ran.stderr)]).toEqual([args, 1, expect.stringContaining(missing)]);
    }
  });

  test('a user who may not watch sees the end all the same', async () => {
    const token = await makeUser(world.api, ns, 'reader', USER);
    const kubeconfig = world.plugin.kubeconfig('reader', { token, namespace: ns });
    const started = world.plugin.start(['checkpoint', 'pod/web', '--name', 'unwatched', '-o', 'json'], { kubeconfig });
    await world.appeared(ns, 'unwatched');
    await world.setStatus(ns, 'unwatched', conditions('Captured', 'succeeded'));
    const { status, stdout } = await started.ended;
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Checkpoint', metadata: { name: 'unwatched' } });
  });

  test('a token that the server does not know is said to be that', async () => {
    const kubeconfig = world.plugin.kubeconfig('expired', { token: 'nothing', namespace: ns });
    const ran = await world.plugin.run(['list'], { kubeconfig });
    expect([ran.status, oneError(ran.stderr)]).toEqual([1, expect.stringMatching(/credentials.*log in again/)]);
  });
});
