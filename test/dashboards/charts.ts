/** Draws lines, bars and heatmaps as SVG: no script runs in the page. */
import { createRequire } from 'node:module';
import { colorsOf, HEAT_STEPS, standIn, withVariables } from './colors.js';
import type { PanelData, Point, Series } from './panel-data.js';
import { formatValue } from './units.js';

/** The part of echarts that is used. Its own types need the types of the DOM, which no other code of the project may see. */
interface Echarts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void };
}

const echarts = createRequire(import.meta.url)('echarts') as Echarts;

export interface Frame {
  /** A word of its own for each drawing of a page: names inside of the drawing begin with it. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
}

/** In pixels: half of the shortest distance between two labels of the axis of time. */
const LABEL_ROOM = 70;

export function drawTimeSeries(panel: PanelData, frame: Frame): string {
  const series = panel.targets.flatMap((target) => target.series).filter(({ points }) => points.length > 0);
  const names = series.map(({ name }) => name);
  const colors = colorsOf(names, panel.look.colors);
  const step = stepOf(series);
  const moments = panel.look.stacked ? momentsOf(series) : undefined;
  return draw(frame, {
    ...axes(panel, frame),
    series: series.map((one, index) => ({
      type: panel.look.bars ? 'bar' : 'line',
      name: one.name,
      ...(panel.look.stacked ? { stack: 'all' } : {}),
      ...(panel.look.bars ? { barWidth: barWidth(frame, step) } : {}),
      data: items(moments === undefined ? withGaps(one.points, step) : aligned(one.points, moments), panel),
      symbolSize: 5,
      itemStyle: { color: standIn(colors[index] ?? 'text') },
      lineStyle: {
        color: standIn(colors[index] ?? 'text'),
        width: panel.look.stacked ? 1 : 2,
        type: panel.look.dashed.includes(one.name) ? 'dashed' : 'solid',
      },
      ...(panel.look.fill > 0 && !panel.look.bars
        ? { areaStyle: { color: standIn(colors[index] ?? 'text'), opacity: panel.look.fill / 100 } }
        : {}),
    })),
  });
}

export function drawHeatmap(panel: PanelData, frame: Frame): string {
  const rows = bucketsOf(panel);
  const step = stepOf(rows);
  const most = Math.max(...rows.flatMap(({ points }) => points.map(([, value]) => value ?? 0)));
  const cells = rows.flatMap(({ points }, row) =>
    points
      .filter(([, value]) => (value ?? 0) > 1e-9)
      .map(([time, value]) => [
        time * 1000,
        row,
        Math.min(HEAT_STEPS - 1, Math.floor(Math.sqrt((value ?? 0) / most) * HEAT_STEPS)),
      ]),
  );
  const labels = rows.map(({ labels: { le = '' } }) => (le === '+Inf' ? 'more' : formatValue(Number(le), panel.unit)));
  const cellWidth = Math.max(1.5, barWidth(frame, step));
  return draw(frame, {
    ...axes(panel, frame),
    yAxis: { type: 'category', data: labels, axisLabel: label(), axisLine: { show: false }, axisTick: { show: false } },
    series: {
      type: 'custom',
      clip: true,
      data: cells,
      encode: { x: 0, y: 1 },
      renderItem: (_: unknown, api: CustomApi) => {
        const [x = 0, y = 0] = api.coord([api.value(0), api.value(1)]);
        const [, height = 0] = api.size([0, 1]);
        return {
          type: 'rect',
          shape: { x: x - cellWidth, y: y - height / 2 + 0.5, width: cellWidth, height: height - 1 },
          style: { fill: standIn(`h${api.value(2)}`) },
        };
      },
    },
  });
}

interface CustomApi {
  value(dimension: number): number;
  coord(at: [number, number]): number[];
  size(of: [number, number]): number[];
}

/** The buckets of a histogram count everything up to their bound; a cell of a heatmap is the difference of two. */
export function bucketsOf(panel: PanelData): Series[] {
  const all = panel.targets
    .flatMap((target) => target.series)
    .toSorted(
      (a, b) =>
        Number(a.labels['le']?.replace('+Inf', 'Infinity')) - Number(b.labels['le']?.replace('+Inf', 'Infinity')),
    );
  const rows = all.map((series, index) => {
    const below = new Map(all[index - 1]?.points);
    return {
      ...series,
      points: series.points.map(([time, value]): Point => [time, Math.max(0, (value ?? 0) - (below.get(time) ?? 0))]),
    };
  });
  const used = rows.map(({ points }) => points.some(([, value]) => (value ?? 0) > 1e-9));
  return rows.slice(used.indexOf(true), used.lastIndexOf(true) + 1);
}

function axes(panel: PanelData, { width, from, to }: Frame): object {
  return {
    animation: false,
    useUTC: true,
    grid: { left: 8, right: 14, top: 10, bottom: 4, containLabel: true },
    xAxis: {
      type: 'time',
      min: from * 1000,
      max: to * 1000,
      splitNumber: Math.max(2, Math.floor(width / (2 * LABEL_ROOM))),
      axisLabel: { ...label(), formatter: '{HH}:{mm}', hideOverlap: true },
      axisLine: { lineStyle: { color: standIn('grid') } },
      axisTick: { show: false },
      splitLine: { show: true, lineStyle: { color: standIn('grid') } },
    },
    yAxis: {
      type: panel.look.logarithmic ? 'log' : 'value',
      ...(panel.look.logarithmic ? {} : { min: 0, splitNumber: 4 }),
      axisLabel: { ...label(), formatter: (value: number) => formatValue(value, panel.unit), hideOverlap: true },
      splitLine: { lineStyle: { color: standIn('grid') } },
    },
  };
}

function label(): object {
  return { color: standIn('muted'), fontSize: 11, fontFamily: 'sans-serif' };
}

function draw({ name, width, height }: Frame, option: object): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return withVariables(withoutPointer(chart.renderToSVGString()).replace(/\bzr\d+-/g, `${name}-`));
  } finally {
    chart.dispose();
  }
}

/** Takes away what echarts adds for a mouse: half of the bytes, and numbers that differ each time. */
function withoutPointer(svg: string): string {
  return svg.replace(/<style[^]*?<\/style>| class="zr[^"]*"| pointer-events="[^"]*"/g, '').replace(/\n\s*/g, '\n');
}

/** The shortest distance between two points, in seconds. */
function stepOf(series: readonly Series[]): number {
  const steps = series.flatMap(({ points }) =>
    points.slice(1).map(([time], index) => time - (points[index]?.[0] ?? 0)),
  );
  return steps.length === 0 ? 60 : Math.min(...steps);
}

function barWidth({ width, from, to }: Frame, step: number): number {
  return Math.max(1, (0.9 * (width - LABEL_ROOM) * step) / (to - from));
}

/** Prometheus leaves out what it does not have: a null in its place breaks the line. */
function withGaps(points: readonly Point[], step: number): Point[] {
  return points.flatMap((point, index): Point[] => {
    const before = points[index - 1];
    return before !== undefined && point[0] - before[0] > 1.5 * step ? [[before[0] + step, null], point] : [point];
  });
}

function momentsOf(series: readonly Series[]): number[] {
  return [...new Set(series.flatMap(({ points }) => points.map(([time]) => time)))].toSorted((a, b) => a - b);
}

/** Series that are stacked need a value at the same moments. */
function aligned(points: readonly Point[], moments: readonly number[]): Point[] {
  const values = new Map(points);
  return moments.map((time) => [time, values.get(time) ?? 0]);
}

/** A point without neighbours has no line, so that it needs a dot to be seen. */
function items(points: readonly Point[], { look }: PanelData): object[] {
  return points.map(([time, value], index) => {
    const alone = (points[index - 1]?.[1] ?? null) === null && (points[index + 1]?.[1] ?? null) === null;
    const drawable = value !== null && (!look.logarithmic || value > 0);
    return { value: [time * 1000, drawable ? value : '-'], symbol: drawable && alone ? 'circle' : 'none' };
  });
}
