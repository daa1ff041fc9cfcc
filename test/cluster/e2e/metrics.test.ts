/**
 * The metrics in a real cluster: a real Prometheus discovers the pods with the job that is shipped, docs/metrics.md says
 * what they serve, and every query of every panel returns data while captures of every kind run.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadDashboard } from '../../dashboards/load.js';
import { withoutNumbers } from '../../dashboards/panel-data.js';
import { prometheusAt } from '../../dashboards/prometheus.js';
import { ALL, variableValues, type Range } from '../../dashboards/variables.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { parseExposition, type Family } from '../../metrics/exposition.js';
import { tableIn, tables, type TableName } from '../../metrics/table.js';
import { promtool, untilScraped } from '../../prometheus/prometheus.js';
import { captureForAWhile, CLUSTER, openMonitored, SCRAPE_SECONDS, STASIS, type Monitored } from './monitored.js';
import { describeOnHarness } from './requirement.js';
import { PODS, value, type World } from './world.js';

/** How long captures run before the panels are asked: rates need several scrapes in their window. */
const BUSY_MS = 40_000;
const DASHBOARDS = ['freeze-timings', 'operator-health'];

describeOnHarness('metrics', () => {
  let monitored: Monitored | undefined;
  let opened: Monitored;
  const scraped: Partial<Record<'controller' | 'node-agent', readonly string[]>> = {};

  beforeAll(async () => {
    monitored = await openMonitored('metrics');
    opened = monitored;
  }, 120_000);
  afterAll(async () => await monitored?.close(), 120_000);

  test('Prometheus discovers every replica and every agent, with the labels that dashboards use', async () => {
    const { prometheus, nodes } = opened;
    const targets = await untilScraped(prometheus, nodes.length + 2);
    const agents = targets.filter(({ labels }) => labels['container'] === 'node-agent');
    expect(agents.map(({ labels }) => labels['node'] ?? '').sort()).toEqual([...nodes].sort());
    for (const { labels } of targets) expect(labels).toMatchObject({ namespace: STASIS, pod: expect.any(String) });
  });

  test('every query of every panel has data, for every value of every variable', async () => {
    const { prometheus, nodes } = opened;
    await captureForAWhile(opened, BUSY_MS);
    const api = prometheusAt(prometheus.url);
    const to = Math.floor(Date.now() / 1000);
    const range: Range = { from: to - 60, to, step: 2, scrapeInterval: SCRAPE_SECONDS };
    for (const name of DASHBOARDS) {
      const text = readFileSync(join(REPOSITORY, `deploy/dashboards/${name}.json`), 'utf8');
      const dashboard = JSON.parse(text) as Dashboard;
      const values = await variableValues(dashboard, api);
      expect(values.get('cluster')).toEqual([ALL, CLUSTER]);
      expect(values.get('node')).toEqual([ALL, ...nodes]);
      for (const [variable, choices] of values)
        for (const choice of choices) {
          const without = withoutNumbers(await loadDashboard(dashboard, api, range, { [variable]: choice }));
          expect({ name, variable, choice, without }).toEqual({ name, variable, choice, without: [] });
        }
    }
  }, 240_000);

  test('docs/metrics.md says what the pods serve, and promtool finds nothing to complain about', async () => {
    for (const [component, port] of [
      ['controller', 8080],
      ['node-agent', 8081],
    ] as const)
      scraped[component] = await scrapesOf(opened.world, component, port);
    const program = promtool();
    for (const text of Object.values(scraped).flat()) {
      const checked = spawnSync(program, ['check', 'metrics'], { input: text, encoding: 'utf8' });
      expect([checked.status, checked.stdout + checked.stderr]).toEqual([0, '']);
    }
    const served = tables(merged(scraped['node-agent']), merged(scraped.controller));
    const document = readFileSync(join(REPOSITORY, 'docs/metrics.md'), 'utf8');
    for (const name of Object.keys(served) as TableName[]) expect(served[name]).toBe(tableIn(document, name));
  });
});

async function scrapesOf(world: World, component: string, port: number): Promise<readonly string[]> {
  const labelSelector = `app.kubernetes.io/component=${component}`;
  const pods = value(await world.api.list(PODS, { namespace: STASIS, labelSelector })).items;
  const running = pods.filter(({ status }) => status?.phase === 'Running');
  expect(running.length).toBeGreaterThan(0);
  return await Promise.all(
    running.map(async ({ metadata: { name } }) => {
      const path = `/api/v1/namespaces/${STASIS}/pods/${name}:${port}/proxy/metrics`;
      return value(await world.api.raw('GET', path, { accept: 'text/plain' })).text;
    }),
  );
}

/** The families of several scrapes of one component, each with the series of all. */
function merged(texts: readonly string[] = []): readonly Family[] {
  const all = texts.flatMap((text) => parseExposition(text));
  const names = [...new Set(all.map(({ name }) => name))];
  return names.flatMap((name) => {
    const same = all.filter((family) => family.name === name);
    return same.slice(0, 1).map((family) => ({ ...family, series: same.flatMap(({ series }) => series) }));
  });
}
