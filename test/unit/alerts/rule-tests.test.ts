/** The tests of promtool leave no alert out. */
import { describe, expect, test } from '@jest/globals';
import { ALERTS, metricsOf, RULES, testFiles, testsIn, type RuleTest } from './rules.js';

const fires = ({ alert_rule_test: asked }: RuleTest, name: string): boolean =>
  asked?.some(({ alertname, exp_alerts: alerts }) => alertname === name && alerts.length > 0) === true;
/** The test looks at every evaluation, not at one moment. */
const isSilent = ({ promql_expr_test: asked }: RuleTest, name: string): boolean =>
  asked?.some(
    ({ expr, exp_samples: samples }) =>
      expr.includes(`ALERTS{alertname="${name}", alertstate="firing"}`) && samples.length === 0,
  ) === true;

describe('deploy/alerts/tests', () => {
  test('has one file for each alert, and one for healthy installations', () => {
    expect(testFiles()).toEqual([...ALERTS, 'quiet']);
  });

  test.each(RULES)('shows that $alert fires, and that it is silent', ({ alert }) => {
    const tests = testsIn(alert);
    expect(tests.filter((one) => fires(one, alert)).length).toBeGreaterThanOrEqual(2);
    expect(tests.filter((one) => isSilent(one, alert)).length).toBeGreaterThanOrEqual(2);
    expect(tests.filter((one) => !fires(one, alert) && !isSilent(one, alert)).map(({ name }) => name)).toEqual([]);
  });

  test.each(RULES)('shows that $alert fires in its own cluster only', ({ alert }) => {
    const apart = testsIn(alert).filter(
      (one) => fires(one, alert) && one.input_series.some(({ series }) => series.includes('cluster="west"')),
    );
    expect(apart.length).toBeGreaterThanOrEqual(1);
    const clusters = apart.flatMap(({ alert_rule_test: asked = [] }) =>
      asked.flatMap(({ exp_alerts: alerts }) => alerts.map(({ exp_labels: labels }) => labels['cluster'])),
    );
    expect([...new Set(clusters)]).toEqual(['east']);
  });

  test.each(RULES)('tries $alert across a scrape gap', ({ alert }) => {
    const gaps = testsIn(alert).filter(({ input_series: series }) =>
      series.some(({ values }) => /stale _x3 /.test(values)),
    );
    expect(gaps.length).toBeGreaterThanOrEqual(1);
  });

  test('feeds every metric of every alert to each healthy installation', () => {
    const read = [...new Set(RULES.flatMap(({ expr }) => metricsOf(expr)))]
      // The series of a missing agent exists only while one is missing.
      .filter((name) => name !== 'stasis_node_agent_missing_seconds');
    for (const { name, input_series: series, promql_expr_test: asked } of testsIn('quiet')) {
      const fed = new Set(series.map((one) => one.series.split('{')[0] ?? ''));
      expect({ name, missing: read.filter((metric) => !fed.has(metric)) }).toEqual({ name, missing: [] });
      expect(asked).toMatchObject([{ expr: expect.stringContaining('ALERTS{alertstate="firing"}'), exp_samples: [] }]);
    }
  });
});
