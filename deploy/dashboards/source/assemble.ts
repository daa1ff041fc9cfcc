/** Puts rows of panels together to a dashboard, with what both dashboards have in common. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
  type Dashboard,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { headLinks } from './links.js';
import { variables } from './variables.js';

export interface Row {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface Head {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** The dashboard that this one leads to. */
  readonly other: { readonly uid: string; readonly title: string };
}

export function assemble({ uid, title, description, other }: Head, rows: readonly Row[]): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['stasis', 'kubernetes'])
    .timezone('browser')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .links(headLinks(other))
    .variables(variables());
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(panel);
  }
  const built = dashboard.build();
  // A panel keeps its number, and so the address of its own page, until a panel is put in front of it.
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1;
  return built;
}
