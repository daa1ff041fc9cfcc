/**
 * Draws the dashboards with the data of a Prometheus:
 *
 *   node build/test/dashboards/main.js (--prometheus URL | --data FILE) [--out FILE] [--record FILE] [--pictures FOLDER]
 *     [--minutes 60] [--points 120] [--scrape-interval 30]
 *
 * --record writes the data of the panels, which --data draws again without a Prometheus. --pictures writes PNG files of
 * the first dashboard in both themes, and needs Chromium.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { openBrowser, takePictures } from './browser/chromium.js';
import { loadDashboard } from './load.js';
import { renderPage } from './page.js';
import { withoutNumbers, type DashboardData } from './panel-data.js';
import { prometheusAt } from './prometheus.js';

const FILES = ['deploy/dashboards/freeze-timings.json', 'deploy/dashboards/operator-health.json'];

const { values } = parseArgs({
  options: {
    prometheus: { type: 'string' },
    data: { type: 'string' },
    out: { type: 'string', default: 'build/dashboards/index.html' },
    record: { type: 'string' },
    pictures: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    points: { type: 'string', default: '120' },
    'scrape-interval': { type: 'string', default: '30' },
  },
});

const dashboards = await data().catch((error: Error) =>
  fail(error.cause instanceof Error ? error.cause.message : error.message),
);
write(values.out, renderPage(dashboards));
say(`${values.out}: ${dashboards.flatMap(({ panels }) => panels).length} panels`);
for (const { panel, query } of dashboards.flatMap(withoutNumbers)) say(`without data: ${panel}: ${query}`);
if (values.record !== undefined) write(values.record, `${JSON.stringify(dashboards)}\n`);
if (values.pictures !== undefined) {
  const browser = await openBrowser().catch((cause: Error) => fail(cause.message));
  try {
    for (const file of await takePictures(browser, values.out, values.pictures)) say(file);
  } finally {
    await browser.close();
  }
}

async function data(): Promise<DashboardData[]> {
  if (values.data !== undefined) return JSON.parse(readFileSync(values.data, 'utf8')) as DashboardData[];
  if (values.prometheus === undefined) fail('--prometheus URL or --data FILE is needed');
  const prometheus = prometheusAt(values.prometheus);
  const to = Math.floor(Date.now() / 1000);
  const from = to - 60 * Number(values.minutes);
  const step = Math.max(1, Math.round((to - from) / Number(values.points)));
  const range = { from, to, step, scrapeInterval: Number(values['scrape-interval']) };
  const loaded: DashboardData[] = [];
  for (const file of FILES) {
    loaded.push(await loadDashboard(JSON.parse(readFileSync(file, 'utf8')) as Dashboard, prometheus, range));
  }
  return loaded;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function fail(message: string): never {
  process.stderr.write(`dashboards: ${message}\n`);
  process.exit(1);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
