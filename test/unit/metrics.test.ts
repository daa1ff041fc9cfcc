/**
 * Compares docs/metrics.md with what the processes register. test/cluster/e2e/metrics.test.ts does the same with
 * scrapes of a real cluster. `WRITE=1` writes the tables.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { controllerMetrics } from '../../src/controller/metrics.js';
import { systemClock } from '../../src/kube/clock.js';
import { kubeMetrics, type KubeMetrics } from '../../src/kube/metrics.js';
import { processMetrics } from '../../src/kube/process-metrics.js';
import { WorkQueue } from '../../src/kube/work-queue.js';
import { agentMetrics } from '../../src/node-agent/service/metrics.js';
import { parseExposition, type Family } from '../metrics/exposition.js';
import { tableIn, tables, withTable, type TableName } from '../metrics/table.js';
import { timings } from './builders.js';
import { checkpoint } from './controller/builders.js';

const DOCUMENT = 'docs/metrics.md';
const REQUEST = { verb: 'GET', code: '200', host: '10.96.0.1:443', seconds: 0.01 };

async function familiesOf(register: (registry: Registry, metrics: KubeMetrics) => void): Promise<readonly Family[]> {
  const registry = new Registry();
  processMetrics(registry);
  const metrics = kubeMetrics(registry);
  metrics.onRequest(REQUEST);
  register(registry, metrics);
  await collectGarbage();
  return parseExposition(await registry.metrics());
}

/** The series of garbage collections exist from the first collection on. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const none = (): number => 0;

async function agentFamilies(): Promise<readonly Family[]> {
  return await familiesOf((registry, metrics) => {
    metrics.reflector('podcaptures');
    const figures = {
      waiting: none,
      running: none,
      unreported: none,
      holding: none,
      overdueSeconds: none,
      guardUp: () => true,
      rehearsal: () => 'Passed' as const,
      artifacts: () => ({ files: 0, bytes: 0, limitBytes: 0 }),
      slots: 4,
      pauseBudgetSeconds: 0.1,
    };
    agentMetrics({ registry, version: '0', clock: systemClock(), figures });
  });
}

async function controllerFamilies(): Promise<readonly Family[]> {
  return await familiesOf((registry, metrics) => {
    void new WorkQueue({ clock: systemClock(), random: none, metrics: metrics.queue('checkpoint') });
    metrics.leader('stasis-controller');
    metrics.reflector('checkpoints');
    const census = { expected: 1, seen: 0, missing: [{ nodeName: 'node-1', seconds: 1 }] };
    const row = {
      podName: 'web-0',
      podUID: 'u',
      nodeName: 'node-1',
      state: 'Succeeded' as const,
      timings: timings({ pauseMicroseconds: 1 }),
    };
    const checkpoints = () => [checkpoint({ status: { pods: [row] } })];
    controllerMetrics({ registry, version: '0', clock: systemClock(), workers: 4, checkpoints, census });
  });
}

describe('docs/metrics.md', () => {
  test('has the families, types, labels and meanings that the processes register', async () => {
    const wanted = tables(await agentFamilies(), await controllerFamilies());
    let document = readFileSync(DOCUMENT, 'utf8');
    const names = Object.keys(wanted) as TableName[];
    if (process.env['WRITE'] === '1') {
      for (const name of names) document = withTable(document, name, wanted[name]);
      writeFileSync(DOCUMENT, document);
    }
    for (const name of names) expect(tableIn(document, name)).toBe(wanted[name]);
  });

  test('names no metric of Stasis that does not exist', async () => {
    const exist = new Set([...(await agentFamilies()), ...(await controllerFamilies())].map(({ name }) => name));
    const text = readFileSync(DOCUMENT, 'utf8');
    const named = [...new Set(text.match(/\bstasis_[a-z_]+/g))].map((name) =>
      name.replace(/_(?:bucket|sum|count)$/, ''),
    );
    expect(named.filter((name) => !exist.has(name))).toEqual([]);
  });
});

describe('processMetrics()', () => {
  test('has no figure of the process that stays 0', async () => {
    const families = await agentFamilies();
    const own = families.filter(({ name }) => /^(process|nodejs)_/.test(name));
    expect(own.length).toBeGreaterThan(10);
    const zero = own.filter(({ series }) => !series.some(({ value }) => value > 0)).map(({ name }) => name);
    expect(zero.filter((name) => name !== 'nodejs_eventloop_lag_seconds')).toEqual([]);
  });
});
