/** Asks a Prometheus what each panel of a dashboard shows. */
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { DashboardData, Look, PanelData, PanelType, Point, Series, TargetData } from './panel-data.js';
import type { Prometheus, Sample } from './prometheus.js';
import { interpolate, variableValues, type Range } from './variables.js';

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant?: boolean;
}

/**
 * Runs every query of every panel. `chosen` are values of variables by their names; a variable that is not among them
 * has its first value, which is All where Grafana offers that.
 */
export async function loadDashboard(
  dashboard: Dashboard,
  prometheus: Prometheus,
  range: Range,
  chosen: Readonly<Record<string, string>> = {},
): Promise<DashboardData> {
  const first = [...(await variableValues(dashboard, prometheus))].map(([name, values]) => [name, values[0] ?? '']);
  const variables = { ...(Object.fromEntries(first) as Record<string, string>), ...chosen };
  const panels: PanelData[] = [];
  let row = '';
  for (const panel of dashboard.panels ?? []) {
    if (isRow(panel)) {
      row = panel.title ?? '';
      continue;
    }
    const targets: TargetData[] = [];
    for (const target of (panel.targets ?? []) as unknown as Target[]) {
      const query = interpolate(target.expr, dashboard, variables, range);
      const samples =
        target.instant === true ? await prometheus.instant(query, range.to) : await prometheus.range(query, range);
      targets.push({ refId: target.refId, query, series: samples.map((sample) => toSeries(sample, target)) });
    }
    panels.push({ ...wordsOf(panel), row, look: lookOf(panel), targets });
  }
  const { uid = '', title = '', description = '' } = dashboard;
  return { uid, title, description, range: { from: range.from, to: range.to }, variables, panels };
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === 'row';
}

function toSeries({ metric, values }: Sample, { legendFormat }: Target): Series {
  const name = legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => metric[label] ?? '');
  return { name, labels: metric, points: values.map(([time, value]): Point => [time, finite(value)]) };
}

/** Five digits are more than a drawing shows, and keep a recording small. */
function finite(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? Number(value.toPrecision(5)) : null;
}

function wordsOf(panel: Panel): Omit<PanelData, 'row' | 'look' | 'targets'> {
  const { x = 0, y = 0, w = 24, h = 8 } = panel.gridPos ?? {};
  return {
    id: panel.id ?? 0,
    type: panel.type as PanelType,
    title: panel.title ?? '',
    description: panel.description ?? '',
    unit: panel.fieldConfig?.defaults.unit ?? '',
    empty: panel.fieldConfig?.defaults.noValue ?? '',
    grid: { x, y, w, h },
    links: (panel.links ?? []).map(({ title, url = '' }) => ({ title, url })),
  };
}

interface Custom {
  readonly drawStyle?: string;
  readonly fillOpacity?: number;
  readonly stacking?: { readonly mode?: string };
  readonly scaleDistribution?: { readonly type?: string };
}

function lookOf(panel: Panel): Look {
  const defaults = panel.fieldConfig?.defaults;
  const custom = (defaults?.custom ?? {}) as Custom;
  const colors: Record<string, string> = {};
  const dashed: string[] = [];
  for (const { matcher, properties } of panel.fieldConfig?.overrides ?? []) {
    const name = String(matcher.options);
    for (const { id, value } of properties) {
      if (id === 'color') colors[name] = (value as { fixedColor: string }).fixedColor;
      if (id === 'custom.lineStyle') dashed.push(name);
    }
  }
  const organize = panel.transformations?.find(({ id }) => id === 'organize')?.options as
    { renameByName: Record<string, string> } | undefined;
  return {
    bars: custom.drawStyle === 'bars',
    stacked: custom.stacking?.mode === 'normal',
    logarithmic: custom.scaleDistribution?.type === 'log',
    fill: custom.fillOpacity ?? 0,
    colors,
    dashed,
    thresholds: defaults?.thresholds?.steps ?? [],
    columns: Object.entries(organize?.renameByName ?? {}),
  };
}
