/**
 * The colours of the page. A chart is drawn with stand-ins, which are then replaced by CSS variables: so one drawing fits
 * the light and the dark theme. Pure.
 */

/** Each colour in the light and in the dark theme. */
const THEMES: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  page: ['#f4f5f5', '#111217'],
  panel: ['#ffffff', '#181b1f'],
  border: ['#dcdde0', '#2c3038'],
  text: ['#24292e', '#d5d6dc'],
  muted: ['#5b616b', '#a0a3ad'],
  grid: ['#e6e7ea', '#2a2e36'],
  link: ['#1f5fbf', '#78a9ff'],
  green: ['#1a7f4b', '#73bf69'],
  'super-light-green': ['#77b255', '#c8f2c2'],
  yellow: ['#b58900', '#fade2a'],
  orange: ['#c4560a', '#ff9830'],
  red: ['#c4162a', '#f2495c'],
  blue: ['#1f60c4', '#5794f2'],
  'light-blue': ['#4a90d9', '#8ab8ff'],
  purple: ['#8f3bb8', '#b877d9'],
  c0: ['#37872d', '#7eb26d'],
  c1: ['#b38600', '#eab839'],
  c2: ['#2b8ca3', '#6ed0e0'],
  c3: ['#d9600f', '#ef843c'],
  c4: ['#c4162a', '#e24d42'],
  c5: ['#1f78c1', '#5a9fd4'],
  c6: ['#a82d8f', '#d683ce'],
  c7: ['#5b4fb3', '#9b8ee6'],
  c8: ['#4a7a12', '#b7dbab'],
  c9: ['#8c6d1f', '#f4d598'],
  h0: ['#fff1e2', '#3a2a1e'],
  h1: ['#ffe0bf', '#54361f'],
  h2: ['#ffc78f', '#744420'],
  h3: ['#ffa75c', '#985421'],
  h4: ['#f98331', '#bd6622'],
  h5: ['#e35f11', '#df7f2c'],
  h6: ['#b84203', '#f7a44f'],
  h7: ['#7f2704', '#ffd08a'],
};

const NAMES = Object.keys(THEMES);
const PALETTE = NAMES.filter((name) => /^c\d$/.test(name));
export const HEAT_STEPS = NAMES.filter((name) => /^h\d$/.test(name)).length;

/** The colour that stands in a drawing for the CSS variable of this name. */
export function standIn(name: string): string {
  const index = NAMES.indexOf(name);
  if (index < 0) throw new Error(`no colour of the name ${name}`);
  return `#ab${String(index).padStart(2, '0')}cd`;
}

export function withVariables(svg: string): string {
  return svg.replace(/#ab(\d\d)cd/g, (_, index: string) => `var(--${NAMES[Number(index)] ?? 'text'})`);
}

export function cssVariables(): string {
  return NAMES.map((name) => `--${name}: light-dark(${(THEMES[name] ?? []).join(', ')});`).join(' ');
}

/** The names of the colours of these series, in their order: the fixed ones, and the palette for the others. */
export function colorsOf(series: readonly string[], fixed: Readonly<Record<string, string>>): string[] {
  let next = 0;
  return series.map((name) => fixed[name] ?? PALETTE[next++ % PALETTE.length] ?? 'text');
}

/** The colour of a value on a scale of thresholds. */
export function thresholdColor(
  value: number,
  steps: readonly { readonly color: string; readonly value: number | null }[],
): string {
  return steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'text';
}
