/** Numbers as Grafana writes them, for the units that the dashboards use. Pure. */

const TIMES = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const;
const BINARY = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1, 'B'],
] as const;
const SHORT = [
  [1e9, 'Bil'],
  [1e6, 'Mil'],
  [1e3, 'K'],
] as const;

export function formatValue(value: number, unit: string): string {
  switch (unit) {
    case 's':
      return scaled(value, TIMES, 's');
    case 'bytes':
      return scaled(value, BINARY, 'B');
    case 'percentunit':
      return `${digits(value * 100)} %`;
    case 'reqps':
      return `${digits(value)} req/s`;
    case 'ops':
      return `${digits(value)} ops/s`;
    case 'short': {
      const [factor, name] = SHORT.find(([least]) => Math.abs(value) >= least) ?? [1, ''];
      return `${digits(value / factor)}${name === '' ? '' : ` ${name}`}`;
    }
    default:
      throw new Error(`no format for the unit ${unit}`);
  }
}

function scaled(value: number, scale: readonly (readonly [number, string])[], base: string): string {
  if (value === 0) return `0 ${base}`;
  const [factor, name] = scale.find(([least]) => Math.abs(value) >= least) ?? scale.at(-1) ?? [1, base];
  return `${digits(value / factor)} ${name}`;
}

/** Three significant digits, but every digit before the point, and no zeros at the end. */
function digits(value: number): string {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}
