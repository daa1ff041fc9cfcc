/** Reads the text format of Prometheus, version 0.0.4, as far as prom-client writes it. Pure. */

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly series: readonly Series[];
}

export interface Series {
  /** With the suffix of a histogram or summary, such as `_bucket`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LABEL = /([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g;
const SERIES = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;

/** Returns the families in the order of the text. Throws at a line that it does not understand. */
export function parseExposition(text: string): readonly Family[] {
  const families: { name: string; type: string; help: string; series: Series[] }[] = [];
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    const family = families.at(-1);
    if (keyword === 'HELP') families.push({ name, type: '', help: unescape(rest), series: [] });
    else if (keyword === 'TYPE' && family?.name === name) family.type = rest;
    else if (line !== '' && family !== undefined) family.series.push(parseSeries(line));
    else if (line !== '') throw new Error(`not understood: ${line}`);
  }
  return families;
}

function parseSeries(line: string): Series {
  const [, name, labels = '', value] = SERIES.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not understood: ${line}`);
  const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, unescape(text)] as const);
  return { name, labels: Object.fromEntries(pairs), value: Number(value.replace('+Inf', 'Infinity')) };
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
