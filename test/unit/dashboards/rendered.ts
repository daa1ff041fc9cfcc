/** The rendered dashboards as the tests read them: from the files, as Grafana does. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { interpolate } from '../../dashboards/variables.js';

const FOLDER = 'deploy/dashboards';

export const FILES = readdirSync(join(REPOSITORY, FOLDER))
  .filter((name) => name.endsWith('.json'))
  .map((name) => `${FOLDER}/${name}`);

export function textOf(file: string): string {
  return readFileSync(join(REPOSITORY, file), 'utf8');
}

export const RENDERED = FILES.map((file) => JSON.parse(textOf(file)) as Dashboard);

export function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).filter((panel): panel is Panel => !isRow(panel));
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === 'row';
}

export const PANELS = RENDERED.flatMap(panelsOf);

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly format?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly datasource?: { readonly type?: string; readonly uid?: string };
}

export function targetsOf(panel: Panel): Target[] {
  return (panel.targets ?? []) as unknown as Target[];
}

/** A query, with the place that it stands in, for the message of a failing test. */
export interface Query {
  readonly panel: string;
  readonly expr: string;
}

const VALUES = { cluster: 'CLUSTER', namespace: 'NAMESPACE', node: 'NODE' };
const RANGE = { from: 0, to: 21_600, step: 60, scrapeInterval: 30 };

/** Every query of every panel, with values in the place of variables. */
export const QUERIES: readonly Query[] = RENDERED.flatMap((dashboard) =>
  panelsOf(dashboard).flatMap((panel) =>
    targetsOf(panel).map(({ expr }) => ({
      panel: `${dashboard.uid ?? ''} / ${panel.title ?? ''}`,
      expr: interpolate(expr, dashboard, VALUES, RANGE),
    })),
  ),
);

/** A part of a query: the kind of its node in the grammar, its text, and the kinds and texts around it, the innermost first. */
export interface Part {
  readonly kind: string;
  readonly text: string;
  readonly around: readonly { readonly kind: string; readonly text: string }[];
}

/** Every part of a query; a part of the kind ⚠ is a mistake in its syntax. */
export function partsOf(expr: string): Part[] {
  const parts: Part[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      const around: Part['around'][number][] = [];
      for (let above = node.parent; above !== null; above = above.parent) {
        around.push({ kind: above.name, text: expr.slice(above.from, above.to) });
      }
      parts.push({ kind: name, text: expr.slice(from, to), around });
    },
  });
  return parts;
}

/** The series that a query selects: name, matchers, and what is around. */
export interface Selector extends Query {
  readonly series: string;
  readonly matchers: readonly string[];
  readonly around: Part['around'];
}

export const SELECTORS: readonly Selector[] = QUERIES.flatMap((query) =>
  partsOf(query.expr)
    .filter(({ kind }) => kind === 'VectorSelector')
    .map(({ text, around }) => ({
      ...query,
      series: /^\w+/.exec(text)?.[0] ?? '',
      matchers: [...text.matchAll(/\w+(?:=~|!~|!=|=)"[^"]*"/g)].map(([matcher]) => matcher),
      around,
    })),
);
