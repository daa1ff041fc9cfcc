/** Draws what needs no chart: large figures, tables, and bars of CSS. Pure. */
import { thresholdColor } from './colors.js';
import { escape } from './escape.js';
import type { PanelData } from './panel-data.js';
import { formatValue } from './units.js';

export function drawStat(panel: PanelData): string {
  const value = panel.targets.flatMap((target) => target.series).map(({ points }) => points.at(-1)?.[1] ?? null)[0];
  if (value === undefined || value === null) return drawEmpty(panel);
  const color = thresholdColor(value, panel.look.thresholds);
  return `<p class="figure" style="color: var(--${color})">${escape(formatValue(value, panel.unit))}</p>`;
}

export function drawBarGauge(panel: PanelData): string {
  const rows = panel.targets.flatMap(({ series }) =>
    series.map(({ name, points }) => ({ name, value: points.at(-1)?.[1] ?? null })),
  );
  const most = Math.max(...rows.map(({ value }) => value ?? 0), Number.MIN_VALUE);
  const bar = (value: number) =>
    `<span class="track"><span class="bar" style="width: ${((100 * value) / most).toFixed(1)}%; background: var(--${thresholdColor(value, panel.look.thresholds)})"></span></span><span class="value">${escape(formatValue(value, panel.unit))}</span>`;
  return `<ul class="gauge">${rows
    .map(
      ({ name, value }) =>
        `<li><span class="name">${escape(name)}</span>${value === null ? `<span class="none">${escape(panel.empty)}</span>` : bar(value)}</li>`,
    )
    .join('')}</ul>`;
}

export function drawTable(panel: PanelData): string {
  const series = panel.targets.flatMap((target) => target.series);
  const head = panel.look.columns.map(([, heading]) => `<th scope="col">${escape(heading)}</th>`).join('');
  const rows = series.map(({ labels, points }) => {
    const value = points.at(-1)?.[1] ?? null;
    const cells = panel.look.columns.map(([label, heading]) => {
      const number = value === null ? '' : formatValue(value, panel.unit);
      const text = label === 'Value' ? number : (labels[label] ?? '');
      return `<td${label === 'Value' ? ' class="number"' : ''} data-heading="${escape(heading)}">${escape(text)}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

export function drawEmpty(panel: PanelData): string {
  return `<p class="empty">${escape(panel.empty)}</p>`;
}
