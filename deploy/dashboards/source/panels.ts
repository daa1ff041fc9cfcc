/**
 * The kinds of panels that the dashboards are made of. Colours are names of Grafana's palette, which has a light and a
 * dark shade of each; nothing is black or white.
 */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  LineStyleBuilder,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DashboardLinkBuilder,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  FilterValueRangeBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  PanelBuilder as Heatmap,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './variables.js';

/** Legend and query. A legend names labels as `{{label}}`. */
export type Queries = Readonly<Record<string, string>>;

export interface PanelWords {
  readonly title: string;
  /** Says what the figure means, where it comes from, and what a bad one looks like. */
  readonly description: string;
  readonly unit: string;
  /** Stands in the panel where nothing is to be drawn. */
  readonly empty: string;
  /** Columns of 24. */
  readonly width: number;
  readonly height?: number;
  readonly links?: readonly DashboardLinkBuilder[];
}

/** The steps of a colour scale: from this value on, this colour. The first one has no value. */
export type Steps = readonly (readonly [color: string, from?: number])[];

/** Green at 0, red from the first event on: increase() extrapolates, and may report a little less than 1 for it. */
export const NONE_IS_GOOD: Steps = [['green'], ['red', 0.01]];
/** Red at 0. */
export const NONE_IS_BAD: Steps = [['red'], ['green', 1]];
/** No judgement. */
export const PLAIN: Steps = [['blue']];

const HEIGHT = 8;
const LOG_BASE = 10;

/** Lines over time. */
export function lines(words: PanelWords, queries: Queries): TimeSeries {
  return anyLines(words, queries).min(0);
}

function anyLines(words: PanelWords, queries: Queries): TimeSeries {
  return timeSeries(words, queries)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(2)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Auto)
    .pointSize(5);
}

/** Lines on a logarithmic axis, which has no 0: a pause may last microseconds or seconds. */
export function logLines(words: PanelWords, queries: Queries): TimeSeries {
  return anyLines(words, queries).scaleDistribution(
    new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(LOG_BASE),
  );
}

/** Areas that add up. */
export function stacked(words: PanelWords, queries: Queries): TimeSeries {
  return lines(words, queries).fillOpacity(40).lineWidth(1).stacking(stack());
}

/** Bars that add up: for events, which are rare and lie apart. */
export function bars(words: PanelWords, queries: Queries): TimeSeries {
  return timeSeries(words, queries)
    .drawStyle(GraphDrawStyle.Bars)
    .min(0)
    .fillOpacity(80)
    .lineWidth(0)
    .stacking(stack());
}

function stack(): StackingConfigBuilder {
  return new StackingConfigBuilder().mode(StackingMode.Normal).group('A');
}

function timeSeries(words: PanelWords, queries: Queries): TimeSeries {
  return dress(new TimeSeries(), words, queries)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
}

/** A panel with one large figure, the last value. */
export function stat(words: PanelWords, query: string, steps: Steps): Stat {
  return dress(new Stat(), { height: 4, ...words }, { [words.title]: query }, true)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
    .orientation(VizOrientation.Auto)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(steps))
    .reduceOptions(last());
}

/** Horizontal bars, one per query, in the order of the queries. */
export function barGauge(words: PanelWords, queries: Queries, steps: Steps): BarGauge {
  return dress(new BarGauge(), words, queries, true)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .namePlacement(BarGaugeNamePlacement.Left)
    .showUnfilled(true)
    .min(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(steps))
    .reduceOptions(last());
}

/** The buckets of a histogram over time. */
export function heatmap(words: PanelWords, query: string): Heatmap {
  const panel = dress(new Heatmap(), words, {});
  return panel
    .withTarget(target('A', '{{le}}', query).range().format(PromQueryFormat.Heatmap))
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .scale(HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .cellGap(1)
    .exemplarsColor('purple')
    .filterValues(new FilterValueRangeBuilder().le(1e-9))
    .yAxis(new YAxisConfigBuilder().unit(words.unit))
    .showLegend();
}

/** A table with one row per series, as of now. `columns` has the heading of each label and of `Value`, in order. */
export function table(words: PanelWords, query: string, columns: Readonly<Record<string, string>>): Table {
  const names = Object.keys(columns);
  const panel = dress(new Table(), words, {});
  return panel
    .withTarget(target('A', '', query).instant().format(PromQueryFormat.Table))
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
        renameByName: columns,
      },
    })
    .showHeader(true);
}

/** Gives a panel what every panel has. The queries get the letters A, B, ... */
function dress<P extends TimeSeries | Stat | BarGauge | Heatmap | Table>(
  panel: P,
  words: PanelWords,
  queries: Queries,
  instant = false,
): P {
  panel
    .title(words.title)
    .description(words.description)
    .datasource(DATASOURCE)
    .unit(words.unit)
    .noValue(words.empty)
    .span(words.width)
    .height(words.height ?? HEIGHT)
    .links([...(words.links ?? [])]);
  for (const [index, [legend, query]] of Object.entries(queries).entries()) {
    const built = target(String.fromCodePoint(65 + index), legend, query);
    panel.withTarget(instant ? built.instant() : built.range());
  }
  return panel;
}

function target(refId: string, legend: string, query: string): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(query).legendFormat(legend);
}

function thresholds(steps: Steps): ThresholdsConfigBuilder {
  const list: Threshold[] = steps.map(([color, value]) => ({ color, value: value ?? null }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list);
}

function last(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('');
}

/** Gives a series a colour of its own. */
export function paint(panel: TimeSeries, colors: Readonly<Record<string, string>>): TimeSeries {
  for (const [name, fixedColor] of Object.entries(colors)) {
    panel.overrideByName(name, [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor } }]);
  }
  return panel;
}

/** The colours of quantiles, the same in every panel. */
export const QUANTILE_COLORS = { p50: 'green', p90: 'yellow', p99: 'orange' } as const;

/** Draws the series `budget` as a dashed red line without points. */
export function withBudget(panel: TimeSeries): TimeSeries {
  return panel.overrideByName('budget', [
    { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: 'red' } },
    { id: 'custom.lineStyle', value: new LineStyleBuilder().fill('dash').dash([10, 10]).build() },
    { id: 'custom.lineWidth', value: 2 },
    { id: 'custom.showPoints', value: VisibilityMode.Never },
  ]);
}
