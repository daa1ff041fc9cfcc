/** Every query of every panel: its syntax, its matchers, and how it treats each type of metric. */
import { describe, expect, test } from '@jest/globals';
import { AGENT, BOTH, CONTROLLER, FAMILIES, familyOf, OF_LEADER, TARGET_LABELS } from './families.js';
import { partsOf, PANELS, QUERIES, SELECTORS, targetsOf, type Selector } from './rendered.js';

const families = SELECTORS.map((selector) => ({ ...selector, family: familyOf(selector.series) ?? '' }));
const show = ({ panel, expr }: { panel: string; expr: string }) => `${panel}: ${expr}`;

/** Whether the selector is, at some distance, an argument of one of these functions or operators. */
function isInside({ around }: Selector, names: RegExp): boolean {
  return around.some(({ kind, text }) => /^(FunctionCall|AggregateExpr)$/.test(kind) && names.test(text));
}

const mistakes = (expr: string) => partsOf(expr).filter(({ kind }) => kind === '⚠');
const byNode = ({ matchers }: Selector) => matchers.includes('node=~"NODE"');
const directly = ({ around }: Selector) =>
  around[0]?.kind === 'MatrixSelector' && /^(rate|increase)\(/.test(around[2]?.text ?? '');
const byBucket = (one: Selector) => one.series.endsWith('_bucket') && isInside(one, /^sum by \([^)]*\ble\b/);
const innermost = ({ around }: Selector) => around.find(({ kind }) => kind === 'AggregateExpr')?.text ?? '';

describe('the queries', () => {
  test('target-promql-rule: are PromQL', () => {
    expect(mistakes('sum by (le (rate(a[5m]))')).not.toEqual([]);
    expect(QUERIES.length).toBeGreaterThan(60);
    expect(QUERIES.filter(({ expr }) => mistakes(expr).length > 0).map(show)).toEqual([]);
  });

  test('select only metrics that exist, and every metric is in a panel', () => {
    expect(families.filter(({ family }) => family === '').map(({ series }) => series)).toEqual([]);
    const drawn = new Set(families.map(({ family }) => family));
    expect(Object.keys(FAMILIES).filter((name) => !drawn.has(name))).toEqual([]);
  });

  test('select by cluster and namespace, each with the operator of its variable', () => {
    const wrong = SELECTORS.filter(
      ({ matchers }) => !matchers.includes('cluster=~"CLUSTER"') || !matchers.includes('namespace="NAMESPACE"'),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('select metrics of agents by node, and metrics of the controller, which speaks about all nodes, not so', () => {
    expect(families.filter((one) => one.family in AGENT && !byNode(one)).map(show)).toEqual([]);
    expect(families.filter((one) => one.family in CONTROLLER && byNode(one)).map(show)).toEqual([]);
  });

  test('select metrics that other programs have too by the container', () => {
    const shared = families.filter(({ family }) => !family.startsWith('stasis_'));
    expect(shared.length).toBeGreaterThan(20);
    const byContainer = ({ family, matchers }: (typeof families)[number]) =>
      matchers.includes(family in CONTROLLER ? 'container="controller"' : 'container=~"controller|node-agent"');
    expect(shared.filter((one) => !byContainer(one)).map(show)).toEqual([]);
    expect(Object.keys(BOTH).length).toBeGreaterThan(10);
  });

  test('name only labels that their metrics have', () => {
    const wrong = QUERIES.flatMap((query) => {
      const names = families.filter(({ expr }) => expr === query.expr).map(({ family }) => family);
      const known = new Set([...TARGET_LABELS, 'le', ...names.flatMap((name) => FAMILIES[name]?.labels ?? [])]);
      const used = partsOf(query.expr).filter(({ kind }) => kind === 'LabelName');
      return used.filter(({ text }) => !known.has(text)).map(({ text }) => `${text} in ${show(query)}`);
    });
    expect(wrong).toEqual([]);
  });

  test('target-rate-interval-rule: use the intervals of Grafana, which follow the zoom and the interval of the scrapes', () => {
    const raw = PANELS.flatMap((panel) => targetsOf(panel).map(({ expr }) => expr));
    const windows = raw.flatMap((expr) =>
      [...expr.replace(/"[^"]*"/g, '').matchAll(/\[([^\]]*)\]/g)].map(([, window = '']) => window),
    );
    expect(windows.length).toBeGreaterThan(40);
    expect([...new Set(windows)].toSorted()).toEqual(['$__range', '$__rate_interval']);
    const instant = PANELS.flatMap(targetsOf).filter(({ expr }) => expr.includes('$__range]'));
    expect(instant.filter((target) => target.instant !== true)).toEqual([]);
  });

  test('target-counter-agg-rule: take a rate or an increase of what only grows, before they sum it, and of nothing else', () => {
    const grows = ({ family, series }: (typeof families)[number]) =>
      FAMILIES[family]?.type === 'counter' || /_(bucket|sum|count)$/.test(series);
    expect(families.filter((one) => grows(one) && !directly(one)).map(show)).toEqual([]);
    expect(families.filter((one) => !grows(one) && isInside(one, /^(rate|increase)\(/)).map(show)).toEqual([]);
  });

  test('sum the buckets of a histogram by le before they take a quantile', () => {
    const quantiles = families.filter((one) => isInside(one, /^histogram_quantile\(/));
    expect(quantiles.length).toBeGreaterThan(10);
    expect(quantiles.filter((one) => !byBucket(one) && one.family !== 'stasis_pause_budget_seconds').map(show)).toEqual(
      [],
    );
  });

  test('leave out the NaN of a figure that is a quantile or a quotient: an empty panel then says that it is empty', () => {
    const mayBeNaN = QUERIES.filter(({ expr }) => / \/ |histogram_quantile/.test(expr));
    expect(mayBeNaN.length).toBeGreaterThan(20);
    expect(mayBeNaN.filter(({ expr }) => !expr.includes('>= 0')).map(show)).toEqual([]);
  });

  test('count a figure of the leader once while the lead changes hands: by max, before a sum', () => {
    const figures = families.filter(({ family }) => OF_LEADER.includes(family));
    expect(new Set(figures.map(({ family }) => family)).size).toBe(OF_LEADER.length);
    expect(figures.filter((one) => !/^max\b/.test(innermost(one))).map(show)).toEqual([]);
  });

  test('draw at most 20 nodes or pods at each moment', () => {
    const unbounded = QUERIES.filter(({ expr }) => /^(?!topk\(|sort_desc\().*\bby \([^)]*\b(node|pod)\b/.test(expr));
    expect(unbounded.map(show)).toEqual([]);
  });
});
