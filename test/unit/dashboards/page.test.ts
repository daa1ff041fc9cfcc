/** From the data of panels to the page, and what of it needs no browser to be seen. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { bucketsOf } from '../../dashboards/charts.js';
import { colorsOf, thresholdColor } from '../../dashboards/colors.js';
import { renderPage } from '../../dashboards/page.js';
import type { DashboardData, PanelData, Series } from '../../dashboards/panel-data.js';
import { formatValue } from '../../dashboards/units.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { panelsOf, RENDERED } from './rendered.js';

const RECORDED = JSON.parse(
  readFileSync(join(REPOSITORY, 'test/fixtures/dashboards/recorded.json'), 'utf8'),
) as DashboardData[];
const recorded = RECORDED[0] as DashboardData;
const first = recorded.panels[0] as PanelData;

function pageOf(change: Partial<PanelData>): string {
  return renderPage([{ ...recorded, panels: [{ ...first, ...change }] }]);
}

describe('formatValue()', () => {
  test.each([
    [0.000_05, 's', '50 µs'],
    [0.0123, 's', '12.3 ms'],
    [0, 's', '0 s'],
    [90, 's', '1.5 min'],
    [3600, 's', '1 h'],
    [268_435_456, 'bytes', '256 MiB'],
    [0.482, 'percentunit', '48.2 %'],
    [1234, 'short', '1.23 K'],
    [512, 'short', '512'],
    [2.5, 'reqps', '2.5 req/s'],
  ])('writes %d of the unit %s as %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  test('throws on a unit that it does not know', () => {
    expect(() => formatValue(1, 'furlongs')).toThrow('no format for the unit furlongs');
  });
});

describe('the colours', () => {
  test('thresholdColor() takes the last step that the value has reached', () => {
    const steps = [
      { color: 'green', value: null },
      { color: 'orange', value: 1 },
      { color: 'red', value: 30 },
    ];
    expect([0, 1, 29, 30].map((value) => thresholdColor(value, steps))).toEqual(['green', 'orange', 'orange', 'red']);
  });

  test('colorsOf() gives fixed colours by name, and the others of the palette in their order', () => {
    expect(colorsOf(['a', 'budget', 'b'], { budget: 'red' })).toEqual(['c0', 'red', 'c1']);
  });
});

function bucket(le: string, value: number): Series {
  return { name: le, labels: { le }, points: [[1, value]] };
}

test('bucketsOf() makes of buckets that count everything below them the counts between two bounds, without empty rows at the ends', () => {
  const series = [bucket('+Inf', 9), bucket('10', 9), bucket('1', 2), bucket('0.1', 0), bucket('5', 7)];
  const rows = bucketsOf({ ...first, targets: [{ refId: 'A', query: '', series }] });
  expect(rows.map(({ name, points }) => [name, points[0]?.[1]])).toEqual([['1', 2], ['5', 5], ['10', 2]]); // prettier-ignore
});

describe('renderPage()', () => {
  test('writes the words for nothing into a panel whose queries returned nothing, or only NaN', () => {
    const nan = [{ refId: 'A', query: 'q', series: [{ name: 'n', labels: {}, points: [[1, null] as const] }] }];
    for (const targets of [[], nan]) {
      for (const type of ['timeseries', 'heatmap', 'stat', 'bargauge', 'table'] as const) {
        expect(pageOf({ type, targets, empty: 'Nothing here' })).toContain('<p class="empty">Nothing here</p>');
      }
    }
  });

  test('takes text of a cluster for text, never for HTML', () => {
    const name = '<script>alert("1")</script>';
    const points = [[recorded.range.to, 1] as const];
    const targets = [{ refId: 'A', query: name, series: [{ name, labels: { pod: name }, points }] }];
    const look = { ...first.look, columns: [['pod', name] as const] };
    for (const type of ['timeseries', 'bargauge', 'table'] as const) {
      const page = pageOf({ type, targets, title: name, description: name, look });
      expect(page).not.toContain('<script');
      expect(page).toContain('&lt;script&gt;');
    }
  });
});

function names({ title = '', type }: { title?: string; type: string }): string {
  return `${type}: ${title}`;
}

describe('test/fixtures/dashboards/recorded.json', () => {
  test('has each panel of the dashboards: after a change record it again, as CONTRIBUTING.md says', () => {
    expect(RECORDED.map(({ uid, panels }) => [uid, panels.map(names)])).toEqual(
      RENDERED.map((dashboard) => [dashboard.uid, panelsOf(dashboard).map(names)]),
    );
  });

  test('names each series', () => {
    const drawn = RECORDED.flatMap(({ panels }) => panels).filter(({ type }) => type !== 'table');
    const series = drawn.flatMap(({ title, targets }) =>
      targets.flatMap((target) => target.series.map(({ name }) => ({ title, name }))),
    );
    expect(series.filter(({ name }) => name.trim() === '' || /(^|, )$|^: |: $/.test(name))).toEqual([]);
  });
});
