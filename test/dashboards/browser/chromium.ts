/** Opens the page in Debian's Chromium. */
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The part of playwright-core that is used. Its own types need the types of the DOM, which no other code of the project may see. */
interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: readonly string[] }): Promise<Browser>;
  };
}

export interface Browser {
  newContext(options: { viewport: typeof PHONE; colorScheme: Theme }): Promise<Context>;
  close(): Promise<void>;
}

interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  context(): Context;
  locator(selector: string): Locator;
  /** Runs a script in the page, and returns its value. */
  evaluate(script: string): Promise<unknown>;
  on(event: 'console', listener: (message: { text(): string }) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
}

interface Locator {
  first(): Locator;
  check(): Promise<void>;
  screenshot(options: { path: string }): Promise<unknown>;
}

const { chromium } = createRequire(import.meta.url)('playwright-core') as Playwright;

const CHROMIUM = '/usr/bin/chromium';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export type Theme = 'light' | 'dark';

/** Chromium's sandbox needs an account other than root. The page is our own file and has no script. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing. On Debian: apt-get install chromium`);
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
}

/** `hear` is told each request of the page and each message of the browser about it. */
export async function openPage(
  browser: Browser,
  file: string,
  viewport: typeof PHONE,
  theme: Theme,
  hear?: (text: string) => void,
): Promise<Page> {
  const context = await browser.newContext({ viewport, colorScheme: theme });
  const page = await context.newPage();
  page.on('request', (request) => hear?.(`request ${request.url()}`));
  page.on('console', (message) => hear?.(message.text()));
  await page.goto(pathToFileURL(resolve(file)).href);
  return page;
}

/** Writes freeze-timings-light.png and freeze-timings-dark.png: the first dashboard, 1280 px wide. */
export async function takePictures(browser: Browser, file: string, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    const page = await openPage(browser, file, DESKTOP, theme);
    const path = join(folder, `freeze-timings-${theme}.png`);
    await page.locator('section').first().screenshot({ path });
    await page.context().close();
    files.push(path);
  }
  return files;
}
