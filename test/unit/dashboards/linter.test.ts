/**
 * The rules of Grafana's dashboard-linter, by its names for them, and some of our own. The linter itself is a Go program
 * that cannot be installed as a module.
 *
 * Two of its rules are replaced. `template-job-rule` and `template-instance-rule` want the variables `job` and
 * `instance`: an operator is found by the namespace of its release, and its instances by the node that they serve. So
 * `target-job-rule` and `target-instance-rule` become the rules on cluster, namespace, node and container in
 * queries.test.ts.
 */
import { describe, expect, test } from '@jest/globals';
import { formatValue } from '../../dashboards/units.js';
import { PANELS, panelsOf, RENDERED, targetsOf } from './rendered.js';

const titles = (panels: readonly { title?: string }[]) => panels.map(({ title }) => title);

describe.each(RENDERED)('$title', (dashboard) => {
  const variables = dashboard.templating?.list ?? [];
  const panels = panelsOf(dashboard);

  test('template-datasource-rule: the data source is a variable, of Prometheus, with a label', () => {
    expect(variables[0]).toMatchObject({
      name: 'datasource',
      type: 'datasource',
      query: 'prometheus',
      label: 'Data source',
    });
  });

  test('template-label-promql-rule, template-on-time-change-reload-rule: the variables are cluster, namespace and node', () => {
    expect(variables.map(({ name }) => name)).toEqual(['datasource', 'cluster', 'namespace', 'node']);
    for (const variable of variables.slice(1)) {
      expect(variable).toMatchObject({
        datasource: { type: 'prometheus', uid: '${datasource}' },
        refresh: 2,
        query: { query: expect.stringMatching(/^label_values\(stasis_build_info(\{.+\})?, \w+\)$/) },
      });
      expect(variable.label).toMatch(/^[A-Z]/);
      expect(variable.description).toMatch(/\.$/);
    }
  });

  test('the variables cluster and node offer All, which also matches series without the label; node takes several', () => {
    expect(variables.filter(({ includeAll }) => includeAll).map(({ name, allValue }) => [name, allValue])).toEqual([
      ['cluster', '.*'],
      ['node', '.*'],
    ]);
    expect(variables.filter(({ multi }) => multi).map(({ name }) => name)).toEqual(['node']);
  });

  test('uneditable-dashboard: it cannot be edited in Grafana, where a change would be lost', () => {
    expect(dashboard.editable).toBe(false);
  });

  test('has a fixed uid and no id, a description, tags, the time zone of the reader and a refresh', () => {
    expect(dashboard.uid).toMatch(/^stasis-[a-z-]+$/);
    expect(dashboard.id ?? null).toBeNull();
    expect(dashboard).toMatchObject({ timezone: 'browser', refresh: '30s', tags: ['stasis', 'kubernetes'] });
    expect(dashboard.description).toMatch(/\.$/);
  });

  test('panel-datasource-rule: no panel and no query names a data source of its own', () => {
    const wanted = { type: 'prometheus', uid: '${datasource}' };
    for (const panel of panels) {
      expect(panel.datasource).toEqual(wanted);
      for (const target of targetsOf(panel)) expect(target.datasource).toEqual(wanted);
    }
  });

  test('panel-title-description-rule: every panel has both, and no title occurs twice', () => {
    for (const { title, description } of panels) {
      expect(title).toMatch(/^\S.{3,}/);
      expect(description).toMatch(/^\S.{20,}\.$/s);
    }
    expect(new Set(titles(panels)).size).toBe(panels.length);
  });

  test('panel-units-rule: every panel has a unit that the page can write too', () => {
    for (const panel of panels) {
      const unit = panel.fieldConfig?.defaults.unit ?? '';
      expect(() => formatValue(1, unit)).not.toThrow();
    }
  });

  test('every panel says what it means when it is empty', () => {
    expect(titles(panels.filter(({ fieldConfig }) => !/^\S.{4,}/.test(fieldConfig?.defaults.noValue ?? '')))).toEqual(
      [],
    );
  });

  test('panel-no-targets-rule: every panel has queries, with letters of their own and a legend', () => {
    for (const panel of panels) {
      const targets = targetsOf(panel);
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      expect(panel.type === 'table' || targets.every(({ legendFormat }) => legendFormat !== '')).toBe(true);
      const instant = ['stat', 'bargauge', 'table'].includes(panel.type);
      for (const target of targets) expect(target).toMatchObject({ instant, range: !instant });
    }
  });

  test('the panels fill rows of 24 columns, and none overlaps another', () => {
    const taken = new Set<string>();
    for (const { gridPos } of dashboard.panels ?? []) {
      const { x = -1, y = -1, w = 0, h = 0 } = gridPos ?? {};
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(taken.has(`${column},${line}`)).toBe(false);
          taken.add(`${column},${line}`);
        }
      }
    }
    for (const line of new Set(panels.map(({ gridPos }) => gridPos?.y))) {
      const inLine = panels.filter(({ gridPos }) => gridPos?.y === line);
      expect(inLine.reduce((sum, { gridPos }) => sum + (gridPos?.w ?? 0), 0)).toBe(24);
    }
  });

  test('every panel has an id of its own', () => {
    const ids = (dashboard.panels ?? []).map(({ id }) => id);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('colours are names of the palette of Grafana, which suit the light and the dark theme', () => {
  const NAMED = /^((super-light|light|semi-dark|dark)-)?(green|yellow|orange|red|blue|purple)$|^text$/;
  const colors = JSON.stringify(PANELS).matchAll(/"(?:color|fixedColor)":"([^"]*)"/g);
  const found = [...new Set([...colors].map(([, color = '']) => color))];
  expect(found.length).toBeGreaterThan(5);
  expect(found.filter((color) => !NAMED.test(color))).toEqual([]);
  expect(JSON.stringify(RENDERED)).not.toMatch(/"#[0-9a-fA-F]{3,8}"|rgba?\(|"(black|white)"/);
});

test('a logarithmic axis has no lower bound of 0, which it cannot show', () => {
  const logarithmic = PANELS.filter((panel) => JSON.stringify(panel.fieldConfig).includes('"type":"log"'));
  expect(logarithmic.length).toBeGreaterThan(5);
  expect(titles(logarithmic.filter(({ fieldConfig }) => fieldConfig?.defaults.min !== undefined))).toEqual([]);
});
