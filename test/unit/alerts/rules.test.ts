/** The alerts agree with their documents, with the metrics and with the reasons. `make test-alerts` runs them through promtool. */
import { describe, expect, test } from '@jest/globals';
import { FINAL_REASONS, SUCCESS_REASONS } from '../../../src/api/reasons.js';
import { ALERTS, metricsOf, namesIn, read, RULES, RUNBOOKS } from './rules.js';

const DOCUMENTATION = 'https://github.com/stasis-dev/stasis/blob/main/docs/';
const HEADINGS = ['What it means', 'What to look at', 'What to do', 'How to silence it'];

/** The metrics that docs/metrics.md does not name, as a whole word. */
function unexplained(metrics: readonly string[]): string[] {
  const text = read('docs/metrics.md');
  const families = metrics.map((name) => name.replace(/_(?:bucket|count|sum)$/, ''));
  return families.filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
}

describe('deploy/alerts/stasis.rules.yaml', () => {
  test('has twelve alerts, each of its own name', () => {
    expect(ALERTS.length).toBe(12);
    expect([...new Set(ALERTS)]).toEqual(ALERTS);
    expect(ALERTS.filter((name) => !/^Stasis[A-Z][A-Za-z]+$/.test(name))).toEqual([]);
  });

  test.each(RULES)('gives $alert a severity, a summary, a description, and the address of its own page', (rule) => {
    expect(rule.labels).toEqual({ severity: expect.stringMatching(/^(?:critical|warning)$/) });
    expect(rule.annotations).toEqual({
      summary: expect.stringMatching(/^[A-Z][^{}]+\.$/),
      description: expect.stringMatching(/^[A-Z{][^]+\.$/),
      runbook_url: `${DOCUMENTATION}runbooks/${rule.alert}.md`,
    });
    expect(rule.annotations?.['description']).toMatch(/\$value|\$labels/);
  });

  test.each(RULES)('keeps cluster and namespace in each aggregation and in each match of $alert', ({ expr }) => {
    // absent() has no labels that could be kept, and is matched with everything.
    const rest = expr.replace('max(absent(', '').replace('unless on ()', '');
    const aggregations = rest.match(/\b(?:sum|max|min|avg|count|group)\b(?: by)? \(?[^(]*/g) ?? [];
    expect(aggregations.length).toBeGreaterThan(0);
    const lists = [...rest.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].map((match) => match[1] ?? '');
    expect(lists.length).toBeGreaterThanOrEqual(aggregations.length);
    expect(lists.filter((labels) => !/^cluster, namespace\b/.test(labels))).toEqual([]);
    expect(rest).not.toMatch(/\b(?:sum|max|min|avg|count|group)\s*\(|\b(?:without|ignoring)\b/);
  });

  test('metricsOf() finds the metrics of an expression, and no functions, labels or values', () => {
    const expr = 'max by (cluster, node_name) (last_over_time(up_down{pod_name="a_b"}[3m])) > on (job) c_d - (e_f)';
    expect(metricsOf(expr)).toEqual(['c_d', 'e_f', 'up_down']);
  });

  test.each(RULES)('uses in $alert only metrics that docs/metrics.md explains', ({ expr }) => {
    const used = metricsOf(expr);
    expect(used.length).toBeGreaterThan(0);
    expect(unexplained(used)).toEqual([]);
  });
});

describe('docs/runbooks', () => {
  test('has a page for each alert, and no other page', () => {
    expect(namesIn(RUNBOOKS)).toEqual(ALERTS.map((name) => `${name}.md`));
  });

  test.each(RULES)('explains $alert in the same shape as all others, with commands and queries', (rule) => {
    const page = read(RUNBOOKS, `${rule.alert}.md`);
    expect(page.startsWith(`# ${rule.alert}\n\nSeverity: ${rule.labels?.['severity']}. `)).toBe(true);
    expect([...page.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(HEADINGS);
    const look = /## What to look at([^]*)## What to do/.exec(page)?.[1] ?? '';
    expect(look).toMatch(/```sh\nkubectl|```sh\nPOD=/);
    expect(look).toContain('```promql');
    expect(page).toContain(`amtool silence add alertname=${rule.alert} `);
  });

  test.each(RULES)('names for $alert only metrics that docs/metrics.md explains', ({ alert }) => {
    const named = [...read(RUNBOOKS, `${alert}.md`).matchAll(/```promql\n([^]*?)```/g)].flatMap(([, query = '']) =>
      metricsOf(query),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(unexplained(named)).toEqual([]);
  });

  test('StasisCapturesFailing has a verdict for each reason of a failure, and the alert counts those with yes', () => {
    const rows = [
      ...read(RUNBOOKS, 'StasisCapturesFailing.md').matchAll(/^\| \[(\w+)\]\(\S+\) \| (yes|no) \| .+ \|$/gm),
    ];
    const failures = FINAL_REASONS.filter((reason) => !SUCCESS_REASONS.includes(reason));
    expect(rows.map((row) => row[1] ?? '').toSorted()).toEqual([...failures].toSorted());
    const yes = rows.filter((row) => row[2] === 'yes').map((row) => row[1] ?? '');
    const expr = RULES.find(({ alert }) => alert === 'StasisCapturesFailing')?.expr ?? '';
    const counted = [...expr.matchAll(/reason=~?"([^"]+)"/g)].flatMap((match) => (match[1] ?? '').split('|'));
    expect([...new Set(counted)].toSorted()).toEqual(yes.toSorted());
  });
});

describe('docs/alerts.md', () => {
  test('lists each alert with its severity and its time, in the order of the rules', () => {
    const rows = [
      ...read('docs/alerts.md').matchAll(/^\| \[(\w+)\]\(runbooks\/(\w+)\.md\) \| (\w+) \| .+ \| (.+) \|$/gm),
    ];
    const listed = rows.map(([, alert, page, severity, after]) => ({ alert, page, severity, after }));
    expect(listed).toEqual(
      RULES.map((rule) => ({
        alert: rule.alert,
        page: rule.alert,
        severity: rule.labels?.['severity'],
        after: rule.for === undefined ? 'at once' : rule.for.replace(/m$/, ' minutes'),
      })),
    );
  });
});
