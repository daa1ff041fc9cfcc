/**
 * The content of a panel as plain data: the answer of a Prometheus to each query of the panel, with what is needed to
 * draw it. The data can be written to a file and drawn later.
 */

/** A moment in Unix seconds, and the value; null stands for NaN and for an infinite value, which cannot be drawn. */
export type Point = readonly [time: number, value: number | null];

export interface Series {
  /** The legend of the query, with the labels filled in. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

export interface TargetData {
  readonly refId: string;
  /** The query as it was sent, without variables. */
  readonly query: string;
  readonly series: readonly Series[];
}

export type PanelType = 'timeseries' | 'heatmap' | 'stat' | 'bargauge' | 'table';

/** How a panel is drawn: the part of its options that the page obeys. */
export interface Look {
  readonly bars: boolean;
  readonly stacked: boolean;
  readonly logarithmic: boolean;
  readonly fill: number;
  /** The colour of a series by its name. */
  readonly colors: Readonly<Record<string, string>>;
  readonly dashed: readonly string[];
  readonly thresholds: readonly { readonly color: string; readonly value: number | null }[];
  /** A table: the label, or `Value`, and its heading. */
  readonly columns: readonly (readonly [label: string, heading: string])[];
}

export interface PanelData {
  readonly id: number;
  readonly type: PanelType;
  /** The heading of the row that the panel stands in. */
  readonly row: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** The text in the panel when there is nothing to draw. */
  readonly empty: string;
  /** Columns and rows of Grafana's grid, which is 24 columns wide. */
  readonly grid: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly look: Look;
  readonly targets: readonly TargetData[];
}

export interface DashboardData {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Unix seconds. */
  readonly range: { readonly from: number; readonly to: number };
  /** The chosen values of the variables. */
  readonly variables: Readonly<Record<string, string>>;
  readonly panels: readonly PanelData[];
}

/** Whether some query of the panel returned a number. */
export function hasNumbers({ targets }: Pick<PanelData, 'targets'>): boolean {
  return targets.some((target) => target.series.some(({ points }) => points.some(([, value]) => value !== null)));
}

/** The queries that returned no number, with the titles of their panels. */
export function withoutNumbers({ panels }: DashboardData): { panel: string; query: string }[] {
  return panels.flatMap(({ title, targets }) =>
    targets
      .filter((target) => !hasNumbers({ targets: [target] }))
      .map(({ refId, query }) => ({ panel: `${title} / ${refId}`, query })),
  );
}
