/** Tests what the chart renders for metrics, alerts and dashboards. Needs no cluster. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { documents, one, podOf, render, templateByHelm, type Rendered } from './rendered-chart.js';

// The timeout is long because helm is compiled the first time.
jest.setTimeout(1_800_000);

const COMPONENTS = [
  ['Deployment', 'stasis-controller', 8080],
  ['DaemonSet', 'stasis-node-agent', 8081],
] as const;

interface Port {
  readonly name: string;
  readonly containerPort?: number;
  readonly targetPort?: string;
}

function data(from: readonly Rendered[], kind: string, name: string): Readonly<Record<string, string>> {
  return (one(from, kind, name) as { readonly data?: Readonly<Record<string, string>> }).data ?? {};
}

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8');
}

describe.each([
  ['plain', false],
  ['secure', true],
])('with %s metrics', (_, secure) => {
  const args = ['--set', `metrics.secure.enabled=${secure}`, '--set', 'metrics.serviceMonitor.enabled=true'];

  test.each(COMPONENTS)(
    'the probes of %s %s reach the plain port, and monitors the port of the metrics',
    async (kind, name, plain) => {
      const rendered = await render(...args);
      const container = podOf(rendered, kind, name).containers[0] as unknown as Record<string, unknown>;
      const ports = container['ports'] as readonly Port[];
      const number = (port: string): number | undefined => ports.find(({ name: own }) => own === port)?.containerPort;
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        const { port } = (container[probe] as { httpGet: { port: string } }).httpGet;
        expect(number(port)).toBe(plain);
      }
      const { ports: served } = one(rendered, 'Service', name).spec as unknown as { ports: readonly Port[] };
      const target = served.find(({ name: own }) => own === 'metrics')?.targetPort ?? '';
      expect(number(target)).toBe(secure ? 8443 : plain);
      expect(one(rendered, 'ServiceMonitor', 'stasis').spec?.['endpoints']).toEqual([
        expect.objectContaining({ port: 'metrics', scheme: secure ? 'https' : 'http' }),
      ]);
    },
  );
});

describe('the certificate of the metrics', () => {
  const secure = ['--set', 'metrics.secure.enabled=true', '--set', 'metrics.podMonitor.enabled=true'];

  test('is made for the name that monitors expect, and is the authority that they trust', async () => {
    const rendered = await render(...secure);
    const made = new X509Certificate(text(data(rendered, 'Secret', 'stasis-metrics-tls')['tls.crt']));
    expect(made.checkHost('stasis-metrics.stasis-system.svc')).toBe('stasis-metrics.stasis-system.svc');
    const trusted = new X509Certificate(data(rendered, 'ConfigMap', 'stasis-metrics-ca')['ca.crt'] ?? '');
    expect(trusted.fingerprint256).toBe(made.fingerprint256);
    expect(one(rendered, 'PodMonitor', 'stasis').spec?.['podMetricsEndpoints']).toEqual([
      expect.objectContaining({
        tlsConfig: {
          serverName: 'stasis-metrics.stasis-system.svc',
          ca: { configMap: { name: 'stasis-metrics-ca', key: 'ca.crt' } },
        },
        authorization: { type: 'Bearer', credentials: { name: 'stasis-metrics-reader', key: 'token' } },
      }),
    ]);
  });

  /** What an upgrade renders with these further arguments, where the cluster has the Secret that an installation rendered. */
  async function upgrade(...more: readonly string[]): Promise<readonly [Rendered, readonly Rendered[]]> {
    const before = one(await render(...secure), 'Secret', 'stasis-metrics-tls');
    const path = '/api/v1/namespaces/stasis-system/secrets/stasis-metrics-tls';
    return [before, documents(await templateByHelm({ [path]: before }, ...secure, ...more))];
  }

  test('stays the same across upgrades', async () => {
    const [before, after] = await upgrade();
    expect(one(after, 'Secret', 'stasis-metrics-tls')).toEqual(before);
    const { 'tls.crt': made } = data([before], 'Secret', 'stasis-metrics-tls');
    expect(data(after, 'ConfigMap', 'stasis-metrics-ca')['ca.crt']).toBe(text(made));
  });

  test('is made anew when the name in it changes', async () => {
    const [, after] = await upgrade('--set', 'metrics.secure.serverName=metrics.example.com');
    const made = new X509Certificate(text(data(after, 'Secret', 'stasis-metrics-tls')['tls.crt']));
    expect(made.checkHost('metrics.example.com')).toBe('metrics.example.com');
    const trusted = new X509Certificate(data(after, 'ConfigMap', 'stasis-metrics-ca')['ca.crt'] ?? '');
    expect(trusted.fingerprint256).toBe(made.fingerprint256);
  });

  test('is asked of no chart where a Secret is named', async () => {
    const rendered = await render(...secure, '--set', 'metrics.secure.secretName=own');
    expect(rendered.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name)).toEqual([
      'stasis-metrics-reader',
    ]);
    const volumes = podOf(rendered, 'DaemonSet', 'stasis-node-agent').volumes ?? [];
    expect(volumes).toContainEqual({ name: 'metrics-tls', secret: { secretName: 'own' } });
  });

  test('lets the components ask whose token it is, and the named readers read', async () => {
    const readers = '[{"namespace":"monitoring","name":"prometheus"}]';
    const rendered = await render(
      '--set',
      'metrics.secure.enabled=true',
      '--set-json',
      `metrics.secure.readers=${readers}`,
    );
    expect(one(rendered, 'ClusterRoleBinding', 'stasis-auth-delegator')).toMatchObject({
      roleRef: { name: 'system:auth-delegator' },
      subjects: [{ name: 'stasis-controller' }, { name: 'stasis-node-agent' }],
    });
    expect(one(rendered, 'ClusterRole', 'stasis-metrics-reader').rules).toEqual([
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ]);
    expect(one(rendered, 'ClusterRoleBinding', 'stasis-metrics-reader').subjects).toEqual([
      { kind: 'ServiceAccount', namespace: 'monitoring', name: 'prometheus' },
    ]);
  });
});

function rules(): unknown {
  return parse(readFileSync(join(REPOSITORY, 'deploy/alerts/stasis.rules.yaml'), 'utf8'));
}

describe('alerts and dashboards', () => {
  test('the PrometheusRule has the rules of deploy/alerts, untouched', async () => {
    const rendered = await render('--set', 'metrics.prometheusRule.enabled=true');
    expect(one(rendered, 'PrometheusRule', 'stasis').spec).toEqual(rules());
  });

  test('alertLabels are added to every alert, and nothing else changes', async () => {
    const labels = '{"team":"a: $1","x":"y"}';
    const rendered = await render(
      '--set',
      'metrics.prometheusRule.enabled=true',
      '--set-json',
      `metrics.prometheusRule.alertLabels=${labels}`,
    );
    const { groups } = rules() as { groups: { rules: { labels: object }[] }[] };
    const wanted = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, labels: { ...rule.labels, team: 'a: $1', x: 'y' } })),
    }));
    expect(one(rendered, 'PrometheusRule', 'stasis').spec).toEqual({ groups: wanted });
  });

  test('each dashboard of deploy/dashboards is a ConfigMap, byte for byte', async () => {
    const rendered = await render('--set', 'metrics.dashboards.enabled=true');
    const files = readdirSync(join(REPOSITORY, 'deploy/dashboards')).filter((file) => file.endsWith('.json'));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const map = one(rendered, 'ConfigMap', `stasis-dashboard-${file.replace('.json', '')}`);
      expect(map.metadata['labels']).toMatchObject({ grafana_dashboard: '1' });
      const source = readFileSync(join(REPOSITORY, 'deploy/dashboards', file), 'utf8');
      expect(data(rendered, 'ConfigMap', map.metadata.name)).toEqual({ [file]: source });
    }
  });
});
