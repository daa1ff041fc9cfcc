/**
 * Draws dashboards to one HTML page that needs no network and no script: the charts are SVG, drawn once for a wide screen
 * and once for a phone, and CSS shows one of the two. Nothing is asked and nothing is written here.
 */
import { drawHeatmap, drawTimeSeries } from './charts.js';
import { colorsOf } from './colors.js';
import { escape } from './escape.js';
import { drawBarGauge, drawEmpty, drawStat, drawTable } from './figures.js';
import { hasNumbers, type DashboardData, type PanelData } from './panel-data.js';
import { style } from './style.js';

/** In CSS pixels, without the margins of the page and of a panel. */
const WIDE = { page: 1280, margin: 16, gap: 8, padding: 10 };
const NARROW_WIDTH = 336;
const NARROW_HEIGHT = 190;
/** Grafana's grid: a row is 30 px high, and 8 px lie between two rows. */
const ROW_HEIGHT = 38;
/** The heading, the legend and the frame of a panel. */
const AROUND = 104;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

export function renderPage(dashboards: readonly DashboardData[]): string {
  const links = dashboards.map(({ uid, title }) => `<a href="#${uid}">${escape(title)}</a>`).join('');
  const switches = ['auto', 'light', 'dark']
    .map(
      (theme, index) =>
        `<label><input type="radio" name="theme" id="theme-${theme}"${index === 0 ? ' checked' : ''}> ${theme}</label>`,
    )
    .join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stasis: dashboards</title>
<style>${style()}</style>
</head>
<body>
<header><nav>${links}</nav><fieldset><legend>Theme</legend>${switches}</fieldset></header>
<main>
${dashboards.map(section).join('\n')}
</main>
</body>
</html>
`;
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

function section(dashboard: DashboardData): string {
  const { uid, title, description, range, variables, panels } = dashboard;
  const chosen = Object.entries(variables).map(([name, value]) => `${name}: ${value === '$__all' ? 'all' : value}`);
  const facts = [`${time(range.from)} to ${time(range.to)} UTC`, ...chosen].join(' · ');
  const rows = [...new Set(panels.map(({ row }) => row))].map((row) => {
    const inRow = panels.filter((panel) => panel.row === row);
    return `<h2>${escape(row)}</h2>\n<div class="grid">\n${inRow.map((panel) => article(panel, dashboard)).join('\n')}\n</div>`;
  });
  return `<section id="${uid}"><h1>${escape(title)}</h1><p class="about">${escape(description)}<br><small>${escape(facts)}</small></p>\n${rows.join('\n')}\n</section>`;
}

function article(panel: PanelData, dashboard: DashboardData): string {
  const queries = panel.targets.map(({ query }) => `<code>${escape(query)}</code>`).join('');
  const links = panel.links.map(({ title, url }) => `<a href="${escape(url)}">${escape(title)}</a>`).join('');
  return (
    `<article class="panel ${panel.type}" data-panel="${dashboard.uid}/${panel.id}" style="--span: ${panel.grid.w}">` +
    `<details><summary><h3>${escape(panel.title)}</h3></summary><p>${escape(panel.description)}</p>${links}${queries}</details>` +
    `<div class="drawing">${drawing(panel, dashboard)}</div></article>`
  );
}

function drawing(panel: PanelData, dashboard: DashboardData): string {
  if (!hasNumbers(panel)) return drawEmpty(panel);
  switch (panel.type) {
    case 'stat':
      return drawStat(panel);
    case 'bargauge':
      return drawBarGauge(panel);
    case 'table':
      return drawTable(panel);
    case 'heatmap':
      return twice(panel, dashboard, drawHeatmap);
    case 'timeseries':
      return twice(panel, dashboard, drawTimeSeries) + legend(panel);
    default:
      throw new Error(`no drawing for a panel of the type ${String(panel.type satisfies never)}`);
  }
}

function twice(panel: PanelData, { uid, range }: DashboardData, draw: typeof drawTimeSeries): string {
  const { page, margin, gap, padding } = WIDE;
  const column = (page - 2 * margin + gap) / 24;
  const width = Math.floor(column * panel.grid.w - gap - 2 * padding - 2);
  const name = `${uid}-${panel.id}`;
  const wide = draw(panel, { name: `${name}-wide`, width, height: panel.grid.h * ROW_HEIGHT - AROUND, ...range });
  const narrow = draw(panel, { name: `${name}-narrow`, width: NARROW_WIDTH, height: NARROW_HEIGHT, ...range });
  return `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}

function legend(panel: PanelData): string {
  const names = panel.targets
    .flatMap((target) => target.series)
    .filter(({ points }) => points.length > 0)
    .map(({ name }) => name);
  const colors = colorsOf(names, panel.look.colors);
  const entries = names.map((name, index) => {
    const dashed = panel.look.dashed.includes(name) ? ' class="dashed"' : '';
    return `<li${dashed} style="--series: var(--${colors[index] ?? 'text'})">${escape(name)}</li>`;
  });
  return `<ul class="legend">${entries.join('')}</ul>`;
}
