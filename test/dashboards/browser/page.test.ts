/** The page in Chromium, with data that a real Prometheus gave: on a wide screen and on a phone, in both themes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { renderPage } from '../page.js';
import type { DashboardData } from '../panel-data.js';
import { DESKTOP, openBrowser, openPage, PHONE, takePictures, type Browser, type Page } from './chromium.js';
import { measure, overlap, type Measured } from './measure.js';

/** In milliseconds: Chromium takes seconds to start on a busy machine. */
jest.setTimeout(120_000);

const recorded = JSON.parse(
  readFileSync(join(REPOSITORY, 'test/fixtures/dashboards/recorded.json'), 'utf8'),
) as DashboardData[];
/** In pixels: smaller letters are not readable without zooming. */
const SMALLEST = 10.9;
/** The least contrast of text by WCAG 2.2, level AA. */
const CONTRAST = 4.5;

let folder: string;
let file: string;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-dashboards-'));
  file = join(folder, 'index.html');
  writeFileSync(file, renderPage(recorded));
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const SCREENS = [
  { screen: '1280 px', viewport: DESKTOP, theme: 'light' },
  { screen: '1280 px', viewport: DESKTOP, theme: 'dark' },
  { screen: '390 px', viewport: PHONE, theme: 'light' },
  { screen: '390 px', viewport: PHONE, theme: 'dark' },
] as const;

describe.each(SCREENS)('the page at $screen in the $theme theme', ({ viewport, theme }) => {
  let page: Page;
  let measured: Measured;
  const said: string[] = [];

  beforeAll(async () => {
    page = await openPage(browser, file, viewport, theme, (text) => said.push(text));
    measured = await measure(page);
  });

  afterAll(async () => page.context().close());

  test('asks for nothing but itself, and the browser has no complaint', () => {
    expect(said).toEqual([expect.stringMatching(/^request file:.*index\.html$/)]);
  });

  test('has no empty panel', () => {
    expect(measured.panels.length).toBeGreaterThan(60);
    expect(measured.panels.filter(({ marks, isEmpty }) => marks === 0 || isEmpty).map(({ name }) => name)).toEqual([]);
  });

  test('has no panel on another, and no label of an axis on another', () => {
    expect(overlap(measured.panels)).toBeUndefined();
    expect(measured.panels.flatMap(({ labels }) => labels).length).toBeGreaterThan(250);
    for (const { name, labels } of measured.panels) expect({ name, overlap: overlap(labels) }).toEqual({ name });
  });

  test('has nothing to scroll sideways, and nothing that is cut off', () => {
    expect(measured.width).toEqual({ window: viewport.width, content: viewport.width });
    expect(measured.panels.filter(({ cut }) => cut > 0).map(({ name }) => name)).toEqual([]);
  });

  test('has letters that are large enough and stand out from what is behind them', () => {
    expect(measured.texts.length).toBeGreaterThan(400);
    expect(measured.texts.filter(({ size }) => size < SMALLEST)).toEqual([]);
    expect(measured.texts.filter(({ contrast }) => contrast < CONTRAST)).toEqual([]);
  });

  test('shows the other theme when the reader switches', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const before = await background();
    await page.locator(theme === 'light' ? '#theme-dark' : '#theme-light').check();
    expect(await background()).not.toBe(before);
    await page.locator('#theme-auto').check();
    expect(await background()).toBe(before);
  });
});

test('renderPage() needs no network and no script, and draws the same data to the same bytes', () => {
  const page = readFileSync(file, 'utf8');
  expect(page).toContain("default-src 'none'");
  expect(page.match(/<script|<link|<img|src=|url\((?!#)|@import|NaN|undefined|\[object/)).toBeNull();
  expect(renderPage(recorded) === page).toBe(true);
});

test('renderPage() gives each drawing names of its own: two with the same name would share their clipping', () => {
  const ids = [...readFileSync(file, 'utf8').matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids.length).toBeGreaterThan(100);
  expect(new Set(ids).size).toBe(ids.length);
});

async function columns(viewport: typeof PHONE): Promise<number> {
  const page = await openPage(browser, file, viewport, 'light');
  const { panels } = await measure(page);
  await page.context().close();
  return new Set(panels.map(({ left }) => Math.round(left))).size;
}

test('the panels stand side by side at 1280 px, and below each other on a phone', async () => {
  expect(await columns(DESKTOP)).toBeGreaterThan(5);
  expect(await columns(PHONE)).toBe(1);
});

test('takePictures() writes the first dashboard in both themes, 1280 px wide and below 1 MB', async () => {
  const files = await takePictures(browser, file, folder);
  expect(files.map((one) => one.split('/').at(-1))).toEqual(['freeze-timings-light.png', 'freeze-timings-dark.png']);
  for (const one of files) {
    const png = readFileSync(one);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1280);
    expect(png.length).toBeLessThan(1_000_000);
  }
});

/** A defect, as a style sheet, and what measure() has to see of it. */
const DEFECTS: readonly {
  readonly defect: string;
  readonly style: string;
  readonly seen: (measured: Measured) => boolean;
}[] = [
  {
    defect: 'panels on each other',
    style: '.panel { margin-bottom: -60px }',
    seen: ({ panels }) => overlap(panels) !== undefined,
  },
  {
    defect: 'labels on each other',
    style: 'svg text { font-size: 40px !important }',
    seen: ({ panels }) => panels.some(({ labels }) => overlap(labels) !== undefined),
  },
  {
    defect: 'a panel without a drawing',
    style: '.timeseries svg { display: none }',
    seen: ({ panels }) => panels.some(({ marks }) => marks === 0),
  },
  {
    defect: 'a panel that is too wide',
    style: '.panel { width: 500px }',
    seen: ({ width }) => width.content > width.window,
  },
  {
    defect: 'a drawing that leaves its panel',
    style: '.narrow svg { max-width: none; width: 420px }',
    seen: ({ panels }) => panels.some(({ cut }) => cut > 0),
  },
  {
    defect: 'pale letters',
    style: '.legend { color: #aaa }',
    seen: ({ texts }) => texts.some(({ contrast }) => contrast < CONTRAST),
  },
  {
    defect: 'pale labels of axes',
    style: 'svg text { fill: #bbb }',
    seen: ({ texts }) => texts.some(({ contrast }) => contrast < CONTRAST),
  },
  {
    defect: 'small letters',
    style: '.legend { font-size: 8px }',
    seen: ({ texts }) => texts.some(({ size }) => size < SMALLEST),
  },
  {
    defect: 'small drawings',
    style: 'svg { width: 50% }',
    seen: ({ texts }) => texts.some(({ size }) => size < SMALLEST),
  },
];

test.each(DEFECTS)('measure() sees $defect', async ({ style, seen }) => {
  const page = await openPage(browser, file, PHONE, 'light');
  expect(seen(await measure(page))).toBe(false);
  await page.evaluate(
    `document.head.append(Object.assign(document.createElement('style'), { textContent: '${style}' }))`,
  );
  expect(seen(await measure(page))).toBe(true);
  await page.context().close();
});
