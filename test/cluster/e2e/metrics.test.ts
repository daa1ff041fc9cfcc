/**
 * The metrics in a real cluster: a real Prometheus discovers the pods with the job that is shipped, docs/metrics.md says
 * what they serve, and every query of every panel returns data while captures of every kind run.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { loadDashboard } from '../../dashboards/load.js';
import type { DashboardData } from '../../dashboards/panel-data.js';
import { prometheusAt } from '../../dashboards/prometheus.js';
import { ALL, variableValues, type Range } from '../../dashboards/variables.js';
import { parseExposition, type Family } from '../../metrics/exposition.js';
import { tableIn, tables, type TableName } from '../../metrics/table.js';
import type { Cluster } from '../harness/cluster.js';
import { promtool, startPrometheus, untilScraped, type Prometheus } from '../../prometheus/prometheus.js';
import { testCluster } from './node-view.js';
import { shell, sleeper } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { openWorld, PODS, until, value, type World } from './world.js';

const STASIS = 'stasis-system';
const SCRAPE_SECONDS = 2;
/** How long captures run before the panels are asked: rates need several scrapes in their window. */
const BUSY_MS = 40_000;
const DASHBOARDS = ['freeze-timings', 'operator-health'];
/** A node without a kubelet: its agent never starts, so it is missing. */
const GHOST = 'e2e-ghost';

describeOnHarness('metrics', () => {
  let cluster: Cluster;
  let world: World;
  let started: Prometheus | undefined;
  let prometheus: Prometheus;
  let nodes: readonly string[];
  const scraped: Partial<Record<'controller' | 'node-agent', readonly string[]>> = {};

  beforeAll(async () => {
    const found = testCluster();
    if (found === undefined) throw new Error('STASIS_TEST_CLUSTER names no cluster that is up');
    cluster = found;
    nodes = cluster.nodes.map(({ name }) => name);
    world = await openWorld('metrics');
    await makeGhost(cluster);
    started = await startPrometheus(cluster, {
      everySeconds: SCRAPE_SECONDS,
      adapt: (job) => ({
        ...job,
        relabel_configs: [
          ...(job['relabel_configs'] as readonly object[]),
          { target_label: 'cluster', replacement: 'e2e' },
        ],
      }),
    });
    prometheus = started;
  }, 120_000);
  afterAll(async () => {
    await started?.stop();
    await removeGhost(cluster, world);
    await world.close();
  }, 120_000);

  test('Prometheus discovers every replica and every agent, with the labels that dashboards use', async () => {
    const targets = await untilScraped(prometheus, nodes.length + 2);
    const agents = targets.filter(({ labels }) => labels['container'] === 'node-agent');
    expect(agents.map(({ labels }) => labels['node'] ?? '').sort()).toEqual([...nodes].sort());
    for (const { labels } of targets) expect(labels).toMatchObject({ namespace: STASIS, pod: expect.any(String) });
  });

  test('every query of every panel has data, for every value of every variable', async () => {
    await captureForAWhile(world, nodes);
    const api = prometheusAt(prometheus.url);
    const to = Math.floor(Date.now() / 1000);
    const range: Range = { from: to - 60, to, step: 2, scrapeInterval: SCRAPE_SECONDS };
    for (const name of DASHBOARDS) {
      const text = readFileSync(join(REPOSITORY, `deploy/dashboards/${name}.json`), 'utf8');
      const dashboard = JSON.parse(text) as Dashboard;
      const values = await variableValues(dashboard, api);
      expect(values.get('cluster')).toEqual([ALL, 'e2e']);
      expect(values.get('node')).toEqual([ALL, ...nodes]);
      for (const [variable, choices] of values)
        for (const choice of choices) {
          const data = await loadDashboard(dashboard, api, range, { [variable]: choice });
          expect({ name, variable, choice, without: withoutData(data) }).toEqual({
            name,
            variable,
            choice,
            without: [],
          });
        }
    }
  }, 180_000);

  test('docs/metrics.md says what the pods serve, and promtool finds nothing to complain about', async () => {
    for (const [component, port] of [
      ['controller', 8080],
      ['node-agent', 8081],
    ] as const)
      scraped[component] = await scrapesOf(world, component, port);
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

/** The queries that returned no number. */
function withoutData({ panels }: DashboardData): readonly string[] {
  return panels.flatMap(({ title, targets }) =>
    targets
      .filter(({ series }) => !series.some(({ points }) => points.some(([, number]) => number !== null)))
      .map(({ refId, query }) => `${title} ${refId}: ${query}`),
  );
}

/** Captures, holds, dry runs and refusals, on every node, for {@link BUSY_MS}. */
async function captureForAWhile(world: World, nodes: readonly string[]): Promise<void> {
  for (const nodeName of nodes) {
    await world.createPod(`small-${nodeName}`, [sleeper('main')], { nodeName });
    await world.createPod(`large-${nodeName}`, [shell('main', MANY)], { nodeName });
    await world.createPod(`held-${nodeName}`, [sleeper('main')], { nodeName });
  }
  for (const nodeName of nodes)
    for (const kind of ['small', 'large', 'held']) await world.running(`${kind}-${nodeName}`);
  const end = Date.now() + BUSY_MS;
  for (let round = 1; Date.now() < end; round += 1) {
    const made: string[] = [];
    const make = async (name: string, spec: Parameters<World['create']>[1]): Promise<void> => {
      await world.create(`${name}-${round}`, spec);
      made.push(`${name}-${round}`);
    };
    for (const nodeName of nodes) {
      await make(`small-${nodeName}`, { podName: `small-${nodeName}` });
      await make(`held-${nodeName}`, { podName: `held-${nodeName}`, holdSeconds: 1 });
      await make(`late-${nodeName}`, { podName: `large-${nodeName}`, maxPauseMilliseconds: 1 });
      await make(`large-${nodeName}`, { podName: `large-${nodeName}` });
      await make(`dry-${nodeName}`, { podName: `small-${nodeName}`, dryRun: true });
    }
    await make('nobody', { podName: 'nobody' });
    for (const name of made) await world.ended(name);
  }
  // The last captures are in the next scrape.
  await sleep(2 * SCRAPE_SECONDS * 1000);
}

/** Sixty processes: capturing them takes longer than a millisecond. */
const MANY = 'for i in $(seq 60); do sleep 3600 & done; wait';

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
  const all = texts.map((text) => parseExposition(text));
  return (all[0] ?? []).map((family) => ({
    ...family,
    series: all.flatMap((families) => families.find(({ name }) => name === family.name)?.series ?? []),
  }));
}

async function makeGhost(cluster: Cluster): Promise<void> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: GHOST, labels: { 'kubernetes.io/os': 'linux' } } };
  const made = await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(node) });
  if (made.status !== 0) throw new Error(made.stderr);
  // Without room the scheduler would not put the agent there.
  const room = { cpu: '4', memory: '8Gi', pods: '10' };
  const patch = JSON.stringify({ status: { capacity: room, allocatable: room } });
  const patched = await cluster.kubectl(['patch', 'node', GHOST, '--subresource=status', '--type=merge', '-p', patch]);
  if (patched.status !== 0) throw new Error(patched.stderr);
}

/** Removes the node and its agent's pod, which no kubelet would ever end. */
async function removeGhost(cluster: Cluster, world: World): Promise<void> {
  await cluster.kubectl(['delete', 'node', GHOST, '--ignore-not-found']);
  await until('the pods of the ghost to be gone', async () => {
    const field = `--field-selector=spec.nodeName=${GHOST}`;
    await cluster.kubectl(['delete', 'pods', '-n', STASIS, field, '--force', '--grace-period=0']);
    const labelSelector = 'app.kubernetes.io/component=node-agent';
    const pods = value(await world.api.list(PODS, { namespace: STASIS, labelSelector })).items;
    return pods.every(({ spec }) => spec.nodeName !== GHOST) ? true : undefined;
  });
}
