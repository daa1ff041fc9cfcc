/**
 * Grafana's schema of a dashboard, as the types of its SDK say it, for plain JSON: with the values of enums in the place
 * of enums, and with the options of each kind of panel, which the SDK leaves open. (@grafana/schema has the same types:
 * both are generated from the same source.)
 */
import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type { Dashboard, FieldConfig, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type { TableFieldOptions } from '@grafana/grafana-foundation-sdk/common';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** An enum becomes its values; `any` and everything else stay what they are. */
type Plain<T> = 0 extends 1 & T
  ? T
  : T extends string
    ? `${T}`
    : T extends number
      ? `${T}` extends `${infer N extends number}`
        ? N
        : T
      : T extends readonly (infer E)[]
        ? Plain<E>[]
        : T extends object
          ? { [K in keyof T]: Plain<T[K]> }
          : T;

type Of<Type extends string, Options, Custom> = Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
  type: Type;
  options: Options;
  targets: Omit<Dataquery, '_implementsDataqueryVariant'>[];
  fieldConfig: Omit<NonNullable<Panel['fieldConfig']>, 'defaults'> & {
    defaults: Omit<FieldConfig, 'custom'> & { custom?: Partial<Custom> };
  };
};

type AnyPanel =
  | Of<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Of<'stat', stat.Options, never>
  | Of<'bargauge', bargauge.Options, never>
  | Of<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | Of<'table', table.Options, TableFieldOptions>;

export type PlainDashboard = Plain<Omit<Dashboard, 'panels'> & { panels: (RowPanel | AnyPanel)[] }>;
