/** Puts values in the place of Grafana's variables, as Grafana does before it sends a query. */
import { VariableType, type Dashboard, type VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Prometheus } from './prometheus.js';

/** The value that Grafana gives to a variable of which all values are chosen. */
export const ALL = '$__all';

/** Unix seconds, and the distance between two points in seconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** How often the Prometheus scrapes, in seconds: Grafana knows it from the settings of the data source. */
  readonly scrapeInterval: number;
}

/** The values of the variables of a dashboard by their names, without the data source; ALL is among them where Grafana offers it. */
export async function variableValues(dashboard: Dashboard, prometheus: Prometheus): Promise<Map<string, string[]>> {
  const values = new Map<string, string[]>();
  const chosen: Record<string, string> = {};
  for (const variable of queried(dashboard)) {
    const found = await prometheus.labelValues(...seriesAndLabel(variable, chosen));
    const offered = [...(variable.includeAll === true ? [ALL] : []), ...found.filter((value) => value !== '')];
    values.set(variable.name, offered);
    chosen[variable.name] = offered[0] ?? '';
  }
  return values;
}

/** The text of a query with every variable replaced. `$1` is a group of label_replace, and no variable. */
export function interpolate(text: string, dashboard: Dashboard, chosen: Record<string, string>, range?: Range): string {
  const known: Record<string, string> = range === undefined ? {} : ofRange(range);
  for (const { name, allValue } of queried(dashboard)) {
    const value = chosen[name];
    if (value !== undefined) known[name] = value === ALL ? (allValue ?? '.*') : value;
  }
  return text.replace(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (whole: string, braced?: string, plain?: string) => {
    const value = known[braced ?? plain ?? ''];
    if (value === undefined) throw new Error(`no value for the variable ${whole} in ${text}`);
    return value;
  });
}

function queried(dashboard: Dashboard): VariableModel[] {
  return (dashboard.templating?.list ?? []).filter(({ type }) => type === VariableType.Query);
}

function seriesAndLabel(variable: VariableModel, chosen: Record<string, string>): [series: string, label: string] {
  const { query } = variable.query as { query: string };
  const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
  if (series === undefined || label === undefined) throw new Error(`not understood: ${query}`);
  const matchers = Object.entries(chosen).map(([name, value]) => [name, value === ALL ? '.*' : value] as const);
  return [matchers.reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), series), label];
}

/** Grafana's own variables. A rate needs two scrapes in its window, also when one was missed: hence four intervals. */
function ofRange({ from, to, step, scrapeInterval }: Range): Record<string, string> {
  return {
    __range: `${Math.round(to - from)}s`,
    __rate_interval: `${Math.max(step + scrapeInterval, 4 * scrapeInterval)}s`,
  };
}
