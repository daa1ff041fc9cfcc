/** Tests that the chart's templates keep texts texts, and take null for an empty value. Needs no cluster. */
import { describe, expect, jest, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { one, renderByHelm, templateByHelm, type Rendered } from './rendered-chart.js';

// The timeout is long because helm is compiled the first time.
jest.setTimeout(1_800_000);

/** Fields whose values Kubernetes takes as texts alone, at any depth. */
const TEXTS = new Set([
  'name',
  'namespace',
  'serviceAccountName',
  'priorityClassName',
  'runtimeClassName',
  'secretName',
  'serverName',
  'key',
  'cidr',
  'policyName',
  'image',
  'kubernetes.io/metadata.name',
]);
const LISTS = new Set(['resourceNames', 'matchNames', 'args', 'values']);

/** Where a text became something else. */
function strays(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => strays(item, `${path}[${at}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: readonly [string, unknown]) => {
    const here = `${path}.${key}`;
    const wrong =
      (TEXTS.has(key) && typeof inner !== 'string') ||
      (LISTS.has(key) && Array.isArray(inner) && inner.some((item) => typeof item !== 'string'));
    return [...(wrong ? [here] : []), ...strays(inner, here)];
  });
}

/** YAML 1.1, which Helm and Kubernetes read, has more words for true and more forms of numbers. */
async function asKubernetesReads(settings: object): Promise<readonly Rendered[]> {
  const args = Object.entries(settings).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
  const ran = await templateByHelm({}, ...args);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return parseAllDocuments(ran.stdout, { version: '1.1' })
    .filter((document) => document.contents !== null)
    .map((document) => document.toJS() as Rendered);
}

describe('a name that looks like something else stays a text', () => {
  test.each(['123', '007', '1e3', 'on', 'true', 'null', '2026-01-02', '0x1f'])('%s', async (name) => {
    const common = {
      fullnameOverride: name,
      namespaceOverride: name,
      'controller.priorityClassName': name,
      'controller.runtimeClassName': name,
      'nodeAgent.priorityClassName': name,
      'nodeAgent.serviceAccount.name': name,
      'uninstall.priorityClassName': name,
      'resourceQuota.enabled': true,
      'openshift.enabled': true,
      'networkPolicy.enabled': true,
      'networkPolicy.apiServerCIDRs': ['::/0'],
      'metrics.secure.enabled': true,
      'metrics.secure.readers': [{ namespace: name, name }],
      'metrics.secure.token': { secretName: name, key: name },
      'metrics.secure.serverName': name,
      'metrics.prometheusRule.enabled': true,
      'metrics.dashboards': { enabled: true, namespace: name, grafanaOperator: { enabled: true } },
    };
    for (const settings of [
      { ...common, 'metrics.serviceMonitor.enabled': true },
      { ...common, 'metrics.podMonitor.enabled': true, 'metrics.secure.secretName': name },
    ]) {
      const rendered = await asKubernetesReads(settings);
      const of = rendered.filter(({ kind }) => kind !== 'CustomResourceDefinition');
      expect(of.flatMap((object) => strays(object, `${object.kind} ${object.metadata.name}`))).toEqual([]);
      expect(one(rendered, 'ServiceAccount', name).metadata.namespace).toBe(name);
    }
  });
});

/** Without the certificate, which is different each time. */
function stable(rendered: readonly Rendered[]): readonly Rendered[] {
  return rendered.filter(({ metadata }) => !metadata.name.endsWith('-metrics-tls'));
}

test('null is an empty value where the default is an empty map or list', async () => {
  const parts = ['controller', 'nodeAgent', 'uninstall', 'tests'].flatMap((part) => [
    `${part}.podLabels`,
    `${part}.podAnnotations`,
  ]);
  const volumes = ['controller', 'nodeAgent'].flatMap((part) => [`${part}.extraVolumes`, `${part}.extraVolumeMounts`]);
  const common = ['commonLabels', 'imagePullSecrets', 'podLabels', 'podAnnotations', 'global.imagePullSecrets'];
  const nulls = [...common, ...parts, ...volumes, 'controller.nodeSelector', 'nodeAgent.nodeSelector'];
  const secure = ['--set', 'metrics.secure.enabled=true'];
  const settings = [...nulls, 'metrics.secure.readers'].flatMap((path) => ['--set', `${path}=null`]);
  expect(stable(await renderByHelm(...secure, ...settings))).toEqual(stable(await renderByHelm(...secure)));
});
