/** The metrics behind TLS and the API server's own authorisation, with a real Prometheus and its token. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  MONITORING,
  startPrometheus,
  untilScraped,
  type Prometheus,
  type Target,
} from '../../prometheus/prometheus.js';
import type { Cluster } from '../harness/cluster.js';
import { STASIS } from './monitored.js';
import { testCluster } from './node-view.js';
import { describeOnHarness } from './requirement.js';
import { openWorld, PODS, until, value, type World } from './world.js';

const SECURE = ['metrics.secure.enabled=true', `metrics.secure.readers[0].namespace=${MONITORING}`];
const READER = 'metrics.secure.readers[0].name=prometheus';
const ROLLOUT_MS = 300_000;

describeOnHarness('secured metrics', () => {
  let cluster: Cluster;
  let world: World;
  let prometheus: Prometheus | undefined;
  let tokenFile: string;

  const helmUpgrade = async (...settings: readonly string[]): Promise<void> => {
    const sets = settings.flatMap((setting) => ['--set', setting]);
    const options = ['-n', STASIS, '--reuse-values', '--wait', '--timeout', '4m'];
    const ran = await cluster.helm(['upgrade', 'stasis', 'deploy/helm', ...options, ...sets]);
    if (ran.status !== 0) throw new Error(ran.stderr);
  };
  const tokenOf = async (account: string): Promise<string> => {
    const made = await cluster.kubectl(['create', 'token', account, '-n', MONITORING]);
    if (made.status !== 0) throw new Error(made.stderr);
    return made.stdout.trim();
  };
  /** Waits until every target says the same, and returns what. */
  const everyTarget = async (wanted: string): Promise<readonly Target[]> =>
    await until(
      `every target to say ${wanted}`,
      async () => {
        const targets = (await prometheus?.targets()) ?? [];
        const said = targets.every(({ health, lastError }) => `${health} ${lastError}`.includes(wanted));
        return targets.length === cluster.nodes.length + 2 && said ? targets : undefined;
      },
      async () => JSON.stringify(await prometheus?.targets()),
    );

  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('secure-metrics');
    await helmUpgrade(...SECURE, READER);
    const secret = await cluster.kubectl(['get', 'secret', 'stasis-metrics-tls', '-n', STASIS, '-o', 'json']);
    const { data } = JSON.parse(secret.stdout) as { data: Record<string, string> };
    const authority = join(cluster.control.state, 'metrics-ca.crt');
    writeFileSync(authority, Buffer.from(data['tls.crt'] ?? '', 'base64'));
    tokenFile = join(cluster.control.state, 'metrics-token');
    writeFileSync(tokenFile, '');
    prometheus = await startPrometheus(cluster, {
      everyMilliseconds: 1000,
      adapt: (job) => ({
        ...job,
        scheme: 'https',
        authorization: { credentials_file: tokenFile },
        tls_config: { ca_file: authority, server_name: `stasis-metrics.${STASIS}.svc` },
      }),
    });
    writeFileSync(tokenFile, await tokenOf('prometheus'));
  }, ROLLOUT_MS);
  afterAll(async () => {
    await prometheus?.stop();
    await helmUpgrade('metrics.secure.enabled=false');
    await world.close();
  }, ROLLOUT_MS);

  test('Prometheus reads the metrics of every pod with the token of an account that may', async () => {
    const targets = await untilScraped(prometheus as Prometheus, cluster.nodes.length + 2);
    for (const { scrapeUrl } of targets) expect(scrapeUrl).toMatch(/^https:.*:8443\/metrics$/);
    const builds = await prometheus?.query('count by (component) (stasis_build_info)');
    expect(builds?.map(({ metric }) => metric['component']).sort((a = '', b = '') => (a < b ? -1 : 1))).toEqual([
      'controller',
      'node-agent',
    ]);
  });

  test('an account without the permission gets 403, and a token that nobody knows 401', async () => {
    value(
      await world.api.raw('POST', `/api/v1/namespaces/${MONITORING}/serviceaccounts`, {
        body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stranger' } },
      }),
    );
    writeFileSync(tokenFile, await tokenOf('stranger'));
    expect(await everyTarget('down server returned HTTP status 403')).toBeDefined();
    writeFileSync(tokenFile, 'nobody');
    expect(await everyTarget('down server returned HTTP status 401')).toBeDefined();
    writeFileSync(tokenFile, await tokenOf('prometheus'));
    expect(await everyTarget('up ')).toBeDefined();
  });

  test('the plain port serves health and no metrics', async () => {
    const labelSelector = 'app.kubernetes.io/name=stasis';
    const pods = value(await world.api.list(PODS, { namespace: STASIS, labelSelector })).items;
    for (const { metadata } of pods) {
      const port = metadata.labels?.['app.kubernetes.io/component'] === 'controller' ? 8080 : 8081;
      const at = `/api/v1/namespaces/${STASIS}/pods/${metadata.name}:${port}/proxy`;
      expect(value(await world.api.raw('GET', `${at}/healthz`, { accept: '*/*' })).text).toBe('ok\n');
      const metrics = await world.api.raw('GET', `${at}/metrics`, { accept: '*/*' });
      expect(metrics.ok ? 200 : metrics.error.code).toBe(404);
    }
  });
});
