/** Tests `kubectl stasis version`. */
import { describe, expect, test } from '@jest/globals';
import { DEPLOYMENTS } from '../../../../src/cli/kubectl/resources.js';
import { describeSkew } from '../../../../src/cli/kubectl/versions.js';
import { VERSION } from '../../../../src/cli/kubectl/version.js';
import type { Surroundings } from '../../../../src/cli/kubectl/surroundings.js';
import { parsePlugin } from '../../../../src/cli/kubectl/parse.js';
import type { KubeResult } from '../../../../src/kube/result.js';
import type { RawAnswer } from '../../../../src/kube/api.js';
import { failure, success } from '../../../../src/kube/result.js';
import { forbidden, UNREACHABLE } from './scripted-api.js';
import { putPolicy } from './stasis-cluster.js';
import { FakePlugin } from './surroundings.js';

const ANSWER = success({ code: 200, text: '{"gitVersion":"v1.34.1"}' });

/** Runs the command. The model of the API server has no /version. */
async function run(
  plugin: FakePlugin,
  argv: readonly string[],
  version: KubeResult<RawAnswer> = ANSWER,
): Promise<number> {
  const parsed = parsePlugin(argv, '1.2.3', [VERSION]);
  if (parsed.kind !== 'run') return 2;
  const { surroundings } = plugin;
  const connected: Surroundings = {
    ...surroundings,
    connect: async (flags) => {
      const result = await surroundings.connect(flags);
      if (!result.ok) return result;
      const api = { ...result.cluster.api, raw: async () => await Promise.resolve(version) };
      return { ok: true, cluster: { ...result.cluster, api } };
    },
  };
  return await parsed.run(connected);
}

function putController(plugin: FakePlugin, version: string, namespace = 'ops'): void {
  const labels = { 'app.kubernetes.io/version': version };
  const metadata = { name: 'stasis-controller', namespace, labels, uid: 'u', resourceVersion: '1' };
  plugin.model.put(DEPLOYMENTS, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
  });
}

describe('kubectl stasis version', () => {
  test('prints the three versions', async () => {
    const plugin = new FakePlugin();
    putController(plugin, '1.2.9');
    expect(await run(plugin, ['version'])).toBe(0);
    expect(plugin.stdout).toBe('Plugin:      1.2.3\nKubernetes:  v1.34.1\nStasis:      1.2.9\n');
    expect(plugin.stderr).toEqual([]);
  });

  test('takes no version of a Deployment that only has the labels', async () => {
    const plugin = new FakePlugin();
    putController(plugin, '1.2.9');
    putController(plugin, '9.9.9', 'tenant');
    expect(await run(plugin, ['version'])).toBe(0);
    expect(plugin.stdout).toContain('Stasis:      not known: controllers are in several namespaces (ops, tenant)');
    plugin.stdout = '';
    putPolicy(plugin.model, 'ops');
    expect(await run(plugin, ['version'])).toBe(0);
    expect(plugin.stdout).toContain('Stasis:      1.2.9\n');
  });

  test('warns of another minor version, also as JSON', async () => {
    const plugin = new FakePlugin();
    putController(plugin, '1.3.0');
    expect(await run(plugin, ['version', '-o', 'json'])).toBe(0);
    expect(JSON.parse(plugin.stdout)).toMatchObject({ plugin: '1.2.3', kubernetes: 'v1.34.1', stasis: '1.3.0' });
    expect(plugin.stderr).toEqual([expect.stringMatching(/^warning: the plugin \(1\.2\.3\) is older than Stasis/)]);
  });

  test('says what is not known, and why', async () => {
    const plugin = new FakePlugin();
    plugin.script.fate = (call) => (call.plural === 'deployments' ? forbidden(call, 'apps') : undefined);
    expect(await run(plugin, ['version'])).toBe(0);
    expect(plugin.stdout).toContain(
      'Stasis:      not known: you may not list deployments.apps in namespace stasis-system\n',
    );
    const without = new FakePlugin();
    expect(await run(without, ['version'])).toBe(0);
    expect(without.stdout).toContain('Stasis:      not known: there is no controller of Stasis in the cluster\n');
  });

  test('fails without an answer, and prints what it knows', async () => {
    const plugin = new FakePlugin();
    expect(await run(plugin, ['version'], failure(UNREACHABLE))).toBe(1);
    expect(plugin.stdout).toContain('Plugin:      1.2.3\n');
    expect(plugin.stderr).toEqual([
      expect.stringContaining('error: the API server at api.example.com:6443 cannot be reached'),
    ]);
  });
});

describe('describeSkew()', () => {
  test.each([
    ['1.2.3', '1.2.9', undefined],
    ['1.2.3', 'v1.3.0', 'upgrade the plugin'],
    ['1.2.3', '2.0.0', 'upgrade the plugin'],
    ['1.2.3', '1.1.0', 'use a plugin of version 1.1'],
    ['1.2.3', 'main', undefined],
  ])('of %s and %s', (plugin, stasis, words) => {
    const said = describeSkew(plugin, stasis);
    expect(words === undefined ? said : said?.includes(words)).toBe(words === undefined ? undefined : true);
  });
});
