/** The report page in Chromium: from a file, on a wide screen and on a phone, in both themes, on paper, and without scripts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { PodCapture } from '../../src/api/podcapture.js';
import { renderReport } from '../../src/cli/report/report.js';
import {
  DESKTOP,
  openBrowser,
  openPage,
  PHONE,
  type Browser,
  type Page,
  type Theme,
  type Viewport,
} from '../dashboards/browser/chromium.js';
import { measure, overlap } from '../dashboards/browser/measure.js';
import { ATTACK, hostile } from './hostile.js';
import { CHECKPOINT } from './more-samples.js';
import { incident } from './samples.js';

/** In milliseconds: Chromium takes seconds to start on a busy machine. */
jest.setTimeout(120_000);

/** The least contrast of text by WCAG 2.2, level AA, and the smallest letters, in pixels. */
const CONTRAST = 4.5;
const SMALLEST = 10.9;
const TABLET = { width: 800, height: 1000 };

let folder: string;
let browser: Browser;
let incidentFile: string;
let hostileFile: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-report-'));
  incidentFile = write(
    'incident',
    renderReport({ capture: incident(), checkpoint: CHECKPOINT, wholeTree: true, version: '1' }),
  );
  const capture = hostile() as PodCapture;
  hostileFile = write('hostile', renderReport({ capture, wholeTree: false, version: ATTACK, note: ATTACK }));
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

function write(name: string, html: string): string {
  const file = join(folder, `${name}.html`);
  writeFileSync(file, html);
  return file;
}

async function withPage<T>(
  file: string,
  use: (page: Page, heard: readonly string[]) => Promise<T>,
  options: { readonly viewport?: Viewport; readonly theme?: Theme; readonly javaScriptEnabled?: boolean } = {},
): Promise<T> {
  const { viewport = DESKTOP, theme = 'light', javaScriptEnabled = true } = options;
  const heard: string[] = [];
  const page = await openPage(browser, file, viewport, theme, (text) => heard.push(text), { javaScriptEnabled });
  try {
    return await use(page, heard);
  } finally {
    await page.context().close();
  }
}

const SCREENS = [DESKTOP, TABLET, PHONE].flatMap((viewport) =>
  (['light', 'dark'] as const).map((theme) => ({ width: viewport.width, viewport, theme })),
);

describe.each(SCREENS)('the page at $width px in the $theme theme', ({ viewport, theme }) => {
  test('asks for nothing but itself, has nothing to scroll sideways, and has letters that can be read', async () => {
    await withPage(
      incidentFile,
      async (page, heard) => {
        await page.locator('#row-10').click();
        const { width, texts } = await measure(page);
        expect(heard).toEqual([expect.stringMatching(/^request file:.*incident\.html$/)]);
        expect(width).toEqual({ window: viewport.width, content: viewport.width });
        expect(texts.length).toBeGreaterThan(150);
        const shown = texts.filter(({ text }) => text !== 'Skip to the processes');
        expect(shown.filter(({ size }) => size < SMALLEST)).toEqual([]);
        expect(shown.filter(({ contrast }) => contrast < CONTRAST)).toEqual([]);
      },
      { viewport, theme },
    );
  });

  test('stays whole with a capture that was made to break it', async () => {
    await withPage(
      hostileFile,
      async (page, heard) => {
        expect(heard).toEqual([expect.stringMatching(/^request file:.*hostile\.html$/)]);
        expect(await page.evaluate('globalThis.broken')).toBeUndefined();
        expect(await page.locator('img, iframe, object, embed, link, form, base, [style*=url]').count()).toBe(0);
        expect(await page.locator('script').count()).toBe(2);
        const { width } = await measure(page);
        expect(width).toEqual({ window: viewport.width, content: viewport.width });
      },
      { viewport, theme },
    );
  });
});

test('names that were made to deceive are shown as they are, or escaped', async () => {
  await withPage(hostileFile, async (page) => {
    expect(await page.locator('h1').innerText()).toBe(`Pod ${ATTACK}`);
    const names = (await page.evaluate(
      `[...document.querySelectorAll('#tree .comm')].map((each) => each.textContent)`,
    )) as string[];
    expect(names).toEqual(expect.arrayContaining([ATTACK, '<!--', '&lt;b&gt;', '__proto__']));
    expect(names).toEqual(expect.arrayContaining([expect.stringContaining('\\u{202e}txt.exe\\u{2066}')]));
    expect(
      await page.evaluate('document.body.innerText.search(/[\\u202a-\\u202e\\u2066-\\u2069\\u0000-\\u0008]/)'),
    ).toBe(-1);
  });
});

test('the policy of the page lets no other script run, and loads and sends nothing', async () => {
  await withPage(incidentFile, async (page) => {
    const refused = await page.evaluate(`(async () => {
      const refused = [];
      document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
      const add = (name, fields) => document.body.append(Object.assign(document.createElement(name), fields));
      add('script', { textContent: 'globalThis.broken = 1' });
      add('style', { textContent: 'body { display: none }' });
      add('img', { src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' });
      await fetch('data:,x').catch(() => {});
      await new Promise((done) => setTimeout(done, 100));
      return refused.sort();
    })()`);
    expect(refused).toEqual(['connect-src', 'img-src', 'script-src-elem', 'style-src-elem']);
    expect(await page.evaluate('globalThis.broken')).toBeUndefined();
  });
});

test('without scripts everything but the tree is there, and the processes as a table', async () => {
  await withPage(
    incidentFile,
    async (page) => {
      const text = (await page.locator('body').innerText()).replace(/\s+/g, ' ');
      expect(text).toContain('The tree needs scripts, which are off.');
      expect(text).toContain('kworker/0:1');
      expect(text).toContain('program without a file: /memfd:x (deleted)');
      expect(text).not.toContain('Fold all');
    },
    { javaScriptEnabled: false },
  );
});

test('on paper every section and every process is there, in light colours, and nothing is cut off', async () => {
  await withPage(
    incidentFile,
    async (page) => {
      await page.emulateMedia({ media: 'print' });
      const text = (await page.locator('body').innerText()).replace(/\s+/g, ' ');
      for (const word of ['Timeline', 'Containers', 'Conditions', '52931', 'flb-helper', 'all 41']) {
        expect(text).toContain(word);
      }
      expect(text).not.toContain('Fold all');
      const { texts, width } = await measure(page);
      expect(width.content).toBe(width.window);
      expect(texts.filter(({ contrast }) => contrast < CONTRAST)).toEqual([]);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
      const pdf = await page.pdf({ format: 'A4' });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    },
    { viewport: TABLET, theme: 'dark' },
  );
});

test('the bars of the timeline follow one another, and no label lies on another', async () => {
  await withPage(incidentFile, async (page) => {
    const boxes = (await page.evaluate(`[...document.querySelectorAll('.timeline .bar')].map((bar) => {
      const { left, right } = bar.getBoundingClientRect();
      return { name: bar.getAttribute('class'), left, right };
    })`)) as { name: string; left: number; right: number }[];
    const phases = boxes.slice(0, 8);
    expect(phases.map(({ name }) => name)).toEqual(
      ['resolve', 'cgroupFreeze', 'seize', 'stop', 'cgroupThaw', 'collect', 'hold', 'release'].map(
        (each) => `bar ${each}`,
      ),
    );
    phases.slice(1).forEach(({ left }, index) => {
      expect(Math.abs(left - (phases[index]?.right ?? 0))).toBeLessThan(1);
    });
    const labels = (await page.evaluate(`[...document.querySelectorAll('.timeline .tick')].map((label) => {
      const { left, right, top, bottom } = label.getBoundingClientRect();
      return { name: label.textContent, left, right, top, bottom };
    })`)) as Parameters<typeof overlap>[0];
    expect(overlap(labels)).toBeUndefined();
  });
});
