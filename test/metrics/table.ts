/** Writes the tables of docs/metrics.md from scrapes, and finds them there. Pure. */
import type { Family } from './exposition.js';

/** Labels that are part of the format itself. */
const FORMAT_LABELS: ReadonlySet<string> = new Set(['le', 'quantile']);
/** Labels with a short closed list of values, which the table names. */
const NAMED_VALUES: ReadonlySet<string> = new Set(['phase', 'outcome', 'max_tasks', 'component', 'result']);
const OWN = /^(?:stasis_captures?_|stasis_checkpoints_|stasis_build_|stasis_guard_)/;

/** Returns one line per family. `known` are families to leave out, because another table has them. */
export function metricsTable(families: readonly Family[], known: ReadonlySet<string> = new Set()): string {
  // By name, because the order of a scrape is that in which the process happened to register.
  const sorted = families.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const rows = sorted.filter(({ name }) => !known.has(name)).map((family) => row(family));
  return ['| Metric | Type | Labels | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function row(family: Family): string {
  const cells = [`\`${family.name}\``, typeOf(family), labelsOf(family), family.help.replaceAll('|', '\\|')];
  return `| ${cells.join(' | ')} |`;
}

/** The type; for a histogram also its lowest and highest finite bound. */
function typeOf({ type, series }: Family): string {
  const bounds = series.flatMap(({ labels }) => (labels['le'] === undefined ? [] : [Number(labels['le'])]));
  const finite = bounds.filter((bound) => Number.isFinite(bound));
  return finite.length === 0 ? type : `${type}, ${Math.min(...finite)} to ${Math.max(...finite)}`;
}

function labelsOf({ name, series }: Family): string {
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))];
  return names
    .filter((label) => !FORMAT_LABELS.has(label))
    .map((label) => {
      const values = [...new Set(series.map(({ labels }) => labels[label] ?? ''))];
      return NAMED_VALUES.has(label) && OWN.test(name) ? `\`${label}\` (${values.join(', ')})` : `\`${label}\``;
    })
    .join(', ');
}

/** The names of the generated tables, each between `<!-- NAME: generated -->` and `<!-- end -->`. */
export type TableName = 'node-agent' | 'controller' | 'both';

/** Returns the table of this name in the document. */
export function tableIn(document: string, name: TableName): string {
  const found = between(name).exec(document);
  if (found?.[2] === undefined) throw new Error(`docs/metrics.md has no table ${name}`);
  return found[2];
}

export function withTable(document: string, name: TableName, table: string): string {
  return document.replace(between(name), (_, start: string, __, end: string) => `${start}${table}${end}`);
}

function between(name: TableName): RegExp {
  return new RegExp(`(<!-- ${name}: generated -->\\n\\n)([\\s\\S]*?)(\\n\\n<!-- end -->)`);
}

function namesOf(families: readonly Family[]): ReadonlySet<string> {
  return new Set(families.map(({ name }) => name));
}

/** Splits the families of both scrapes into what one component alone has, and what both have. */
export function tables(agent: readonly Family[], controller: readonly Family[]): Readonly<Record<TableName, string>> {
  const shared = new Set([...namesOf(agent)].filter((name) => namesOf(controller).has(name)));
  const both = controller
    .filter(({ name }) => shared.has(name))
    .map((family) => ({
      ...family,
      series: [...family.series, ...(agent.find(({ name }) => name === family.name)?.series ?? [])],
    }));
  return {
    'node-agent': metricsTable(agent, shared),
    controller: metricsTable(controller, shared),
    both: metricsTable(both),
  };
}
