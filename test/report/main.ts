/**
 * Draws the report page. `node build/test/report/main.js FOLDER` writes the pages of the samples, and pictures of them on three
 * screens and on paper; with `--picture FILE`, only the picture that is in the documents.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PodCapture } from '../../src/api/podcapture.js';
import { renderReport } from '../../src/cli/report/report.js';
import { DESKTOP, openBrowser, openPage, PHONE, type Browser } from '../dashboards/browser/chromium.js';
import { hostile } from './hostile.js';
import { CHECKPOINT, large, plain } from './more-samples.js';
import { incident } from './samples.js';
import { makeSmaller } from './smaller-png.js';

const SCREENS = { 1280: DESKTOP, 800: { width: 800, height: 1000 }, 390: PHONE };
/** The process that is chosen in the pictures. */
const CHOSEN = '#row-10';

const known = { version: '0.1.0', wholeTree: true };
const sample = { ...known, capture: incident(), checkpoint: CHECKPOINT };
const [first = 'build/report', picture] = process.argv.slice(2);
const browser = await openBrowser();
await (first === '--picture' ? drawPicture(browser, picture ?? 'report-light.png') : drawAll(browser, first));
await browser.close();

async function drawPicture(open: Browser, path: string): Promise<void> {
  mkdirSync('build/report', { recursive: true });
  const file = join('build/report', 'picture.html');
  writeFileSync(file, renderReport(sample));
  const page = await openPage(open, file, { width: 1200, height: 1000 }, 'light');
  await page.locator(CHOSEN).click();
  // The sections that tell the most, one below the other.
  await page.evaluate(`for (const each of document.querySelectorAll(
    '#unusual, #unfrozen, #containers, #conditions, nav, footer, .paper, .pair, .keys',
  )) each.remove();
  document.querySelector('main').style.paddingTop = '14px';`);
  await page.locator('body').screenshot({ path });
  writeFileSync(path, makeSmaller(readFileSync(path)));
}

async function drawAll(open: Browser, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const damaged = { ...known, capture: hostile() as PodCapture, wholeTree: false, note: 'The node is gone.' };
  const pages = {
    incident: renderReport(sample),
    plain: renderReport({ ...known, capture: plain() }),
    large: renderReport({ ...known, capture: large(10_000) }),
    hostile: renderReport(damaged),
  };
  for (const [name, html] of Object.entries(pages)) {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, html);
    for (const [width, viewport] of Object.entries(SCREENS)) {
      for (const theme of ['light', 'dark'] as const) {
        const page = await openPage(open, file, viewport, theme);
        if (name === 'incident') await page.locator(CHOSEN).click();
        await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`), fullPage: true });
        await page.context().close();
      }
    }
    const page = await openPage(open, file, DESKTOP, 'dark');
    writeFileSync(join(folder, `${name}.pdf`), await page.pdf({ format: 'A4' }));
    await page.context().close();
  }
}
