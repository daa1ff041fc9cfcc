/** From a dashboard and the answers of a Prometheus to the data of its panels. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadDashboard } from '../../dashboards/load.js';
import { hasNumbers, withoutNumbers } from '../../dashboards/panel-data.js';
import { prometheusAt, type Prometheus } from '../../dashboards/prometheus.js';
import { interpolate, variableValues } from '../../dashboards/variables.js';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { RENDERED } from './rendered.js';

const RANGE = { from: 1000, to: 4600, step: 60, scrapeInterval: 30 };
const dashboard = RENDERED[0] as Dashboard;

/** Answers every query with one series, and notes what was asked. */
function fake(asked: string[]): Prometheus {
  const metric = { node: 'n1', phase: 'stop', le: '1', reason: 'Captured', checkpoint: 'c' };
  return {
    instant: (query, time) => {
      asked.push(query);
      return Promise.resolve([{ metric, values: [[time, '1.234567']] }]);
    },
    range: (query, { from }) => {
      asked.push(query);
      return Promise.resolve([
        { metric, values: [[from, 'NaN'], [from + 60, '2']] }, // prettier-ignore
      ]);
    },
    labelValues: (series, label) => {
      asked.push(`${label} of ${series}`);
      return Promise.resolve({ cluster: [''], namespace: ['one', 'two'], node: ['n1', 'n2'] }[label] ?? []);
    },
  };
}

describe('interpolate()', () => {
  const chosen = { cluster: '$__all', namespace: 'one', node: 'a|b' };

  test('puts in values, the value for all, and the intervals of Grafana', () => {
    const query =
      'rate(a{cluster=~"$cluster", namespace="${namespace}", node=~"$node"}[$__rate_interval]) + b[$__range]';
    expect(interpolate(query, dashboard, chosen, RANGE)).toBe(
      'rate(a{cluster=~".*", namespace="one", node=~"a|b"}[120s]) + b[3600s]',
    );
  });

  test('makes the window of a rate longer than a step that is longer than four scrapes', () => {
    expect(interpolate('$__rate_interval', dashboard, chosen, { ...RANGE, step: 600 })).toBe('630s');
  });

  test('leaves the groups of label_replace alone', () => {
    expect(interpolate('label_replace(a, "b", "$1", "c", "(.+)")', dashboard, chosen, RANGE)).toContain('"$1"');
  });

  test('throws on a variable that the dashboard does not have', () => {
    expect(() => interpolate('a{b="$unknown"}', dashboard, chosen, RANGE)).toThrow(
      'no value for the variable $unknown',
    );
  });
});

describe('variableValues()', () => {
  test('asks for each variable within the first values of those before it, and offers All where Grafana does', async () => {
    const asked: string[] = [];
    expect(Object.fromEntries(await variableValues(dashboard, fake(asked)))).toEqual({
      cluster: ['$__all'],
      namespace: ['one', 'two'],
      node: ['$__all', 'n1', 'n2'],
    });
    expect(asked).toEqual([
      'cluster of stasis_build_info',
      'namespace of stasis_build_info{cluster=~".*"}',
      'node of stasis_build_info{cluster=~".*", namespace="one", component="node-agent"}',
    ]);
  });
});

describe('loadDashboard()', () => {
  test('runs each query of each panel once, with the chosen values, and keeps what draws the panel', async () => {
    const asked: string[] = [];
    const data = await loadDashboard(dashboard, fake(asked), RANGE, { node: 'n2' });
    expect(data).toMatchObject({ uid: 'stasis-freeze-timings', range: { from: 1000, to: 4600 } });
    expect(data.variables).toEqual({ cluster: '$__all', namespace: 'one', node: 'n2' });
    const queries = data.panels.flatMap(({ targets }) => targets.map(({ query }) => query));
    expect(asked.slice(3)).toEqual(queries);
    expect(queries.filter((query) => /\$[A-Za-z_{]/.test(query))).toEqual([]);
    expect(queries.filter((query) => query.includes('node=~"n2"')).length).toBeGreaterThan(20);
    const budget = data.panels.find(({ title }) => title === 'Pause: p50, p90, p99');
    expect(budget).toMatchObject({ row: 'Pause', unit: 's', type: 'timeseries' });
    expect(budget?.look).toMatchObject({ logarithmic: true, bars: false, dashed: ['budget'] });
    expect(budget?.look.colors).toMatchObject({ budget: 'red' });
  });

  test('names series by the labels, rounds values, and has null for what is no number', async () => {
    const { panels } = await loadDashboard(dashboard, fake([]), RANGE);
    const of = (title: string) => panels.find((panel) => panel.title === title)?.targets[0]?.series[0];
    expect(of('Phases: p50')).toMatchObject({ name: 'stop', points: [[1000, null], [1060, 2]] }); // prettier-ignore
    expect(of('Held and frozen')?.name).toBe('held, n1');
    expect(of('Pods held')?.points).toEqual([[4600, 1.2346]]);
    expect(panels.find(({ type }) => type === 'table')?.look.columns.at(-1)).toEqual(['Value', 'Pause']);
  });

  test('withoutNumbers() names the queries that returned nothing, or nothing but NaN', async () => {
    const silent: Prometheus = { ...fake([]), range: () => Promise.resolve([]) };
    const data = await loadDashboard(dashboard, silent, RANGE);
    const drawn = data.panels.filter((panel) => panel.targets.some(({ series }) => series.length > 0));
    expect(drawn.every(hasNumbers)).toBe(true);
    expect(withoutNumbers(data).map(({ panel }) => panel)).toContain('Pause: p50, p90, p99 / D');
    expect(withoutNumbers(await loadDashboard(dashboard, fake([]), RANGE))).toEqual([]);
  });
});

describe('prometheusAt()', () => {
  let server: Server;

  afterEach(() => {
    server.close();
  });

  async function serving(status: number, data: unknown): Promise<{ prometheus: Prometheus; asked: string[] }> {
    const asked: string[] = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        asked.push(`${request.method} ${request.url} ${body} ${request.headers.authorization ?? ''}`);
        response.writeHead(status).end(JSON.stringify({ status: 'success', data }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { prometheus: prometheusAt(`http://127.0.0.1:${port}/`, { authorization: 'Bearer token' }), asked };
  }

  test('asks for a range, and returns its samples', async () => {
    const samples = [{ metric: { node: 'a' }, values: [[1, '2']] }];
    const { prometheus, asked } = await serving(200, { resultType: 'matrix', result: samples });
    expect(await prometheus.range('up', { from: 1, to: 61, step: 30 })).toEqual(samples);
    expect(asked).toEqual(['POST /api/v1/query_range query=up&start=1&end=61&step=30 Bearer token']);
  });

  test('returns a vector and a scalar as samples of one value', async () => {
    const { prometheus } = await serving(200, { resultType: 'vector', result: [{ metric: {}, value: [1, '2'] }] });
    expect(await prometheus.instant('up', 1)).toEqual([{ metric: {}, values: [[1, '2']] }]);
    server.close();
    const scalar = await serving(200, { resultType: 'scalar', result: [1, '3'] });
    expect(await scalar.prometheus.instant('3', 1)).toEqual([{ metric: {}, values: [[1, '3']] }]);
  });

  test('returns the values of a label once each, and the absence of the label as an empty one', async () => {
    const { prometheus } = await serving(200, [{ node: 'b' }, { node: 'a' }, { node: 'b' }, {}]);
    expect(await prometheus.labelValues('up', 'node')).toEqual(['', 'a', 'b']);
  });

  test('throws with the query and the answer when Prometheus refuses', async () => {
    const { prometheus } = await serving(400, 'parse error');
    await expect(prometheus.instant('sum(', 1)).rejects.toThrow(/^400 from .*"query":"sum\(".*parse error/s);
  });
});
