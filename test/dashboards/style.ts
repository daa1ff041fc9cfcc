/** The style sheet of the page. Pure. */
import { cssVariables } from './colors.js';

export function style(): string {
  return `
:root { color-scheme: light dark; ${cssVariables()} }
:root:has(#theme-light:checked) { color-scheme: light; }
:root:has(#theme-dark:checked) { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 14px/1.4 system-ui, sans-serif; }
header, main { max-width: 1280px; margin: 0 auto; }
header, section { padding: 8px 16px; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; justify-content: space-between; align-items: center; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }
a { color: var(--link); overflow-wrap: anywhere; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; gap: 12px; }
fieldset legend { float: left; padding: 0; color: var(--muted); }
label { display: inline-flex; gap: 4px; align-items: center; padding: 4px 0; }
h1 { font-size: 20px; margin: 12px 0 4px; }
h2 { font-size: 15px; margin: 20px 0 8px; }
.about { margin: 0; color: var(--muted); }
.grid { display: grid; grid-template-columns: repeat(24, minmax(0, 1fr)); gap: 8px; }
.panel { grid-column: span var(--span); background: var(--panel); border: 1px solid var(--border); border-radius: 4px; padding: 8px 10px; min-width: 0; display: flex; flex-direction: column; }
.drawing { flex: 1; display: flex; flex-direction: column; min-width: 0; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary h3 { display: inline; font-size: 13px; font-weight: 600; margin: 0; }
summary::after { content: "i"; display: inline-block; width: 15px; margin-left: 6px; border: 1px solid var(--border); border-radius: 50%; color: var(--muted); font: italic 11px/13px serif; text-align: center; }
details p { margin: 6px 0; }
details a { display: block; margin: 4px 0; }
code { display: block; font-size: 12px; color: var(--muted); overflow-wrap: anywhere; margin: 6px 0; }
svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
.figure { font-size: 28px; font-weight: 600; margin: auto 0; padding: 8px 0; }
.empty { color: var(--muted); margin: auto; padding: 16px 0; text-align: center; }
.legend { list-style: none; margin: 6px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12px; }
.legend li { overflow-wrap: anywhere; }
.legend li::before { content: ""; display: inline-block; width: 14px; margin-right: 6px; vertical-align: middle; border-top: 3px solid var(--series); }
.legend li.dashed::before { border-top-style: dashed; }
.gauge { list-style: none; margin: auto 0; padding: 8px 0; }
.gauge li { display: grid; grid-template-columns: 7.5em 1fr 5em; gap: 8px; align-items: center; padding: 8px 0; font-size: 13px; }
.track { background: var(--grid); border-radius: 2px; height: 16px; display: block; }
.bar { display: block; height: 100%; border-radius: 2px; }
.value { text-align: right; }
.gauge .none { grid-column: 2 / 4; color: var(--muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; padding: 5px 8px 5px 0; border-bottom: 1px solid var(--border); overflow-wrap: anywhere; }
th { color: var(--muted); font-weight: 600; overflow-wrap: normal; }
.number, th:last-child { text-align: right; white-space: nowrap; padding-right: 0; }
@media (max-width: 900px) {
  header, section { padding: 8px 12px; }
  .grid { display: block; }
  .panel { margin-bottom: 8px; }
  .wide { display: none; }
  .narrow { display: block; }
  .figure { padding: 2px 0; }
  thead { display: none; }
  tr { display: block; padding: 6px 0; border-bottom: 1px solid var(--border); }
  td, td.number { display: grid; grid-template-columns: 8em 1fr; border: 0; padding: 1px 0; text-align: left; }
  td::before { content: attr(data-heading); color: var(--muted); }
}
`;
}
