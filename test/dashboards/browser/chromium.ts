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
  newContext(options: { viewport: Viewport; colorScheme: Theme; javaScriptEnabled?: boolean }): Promise<Context>;
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
  on(event: 'pageerror', listener: (error: Error) => void): void;
  emulateMedia(options: { media: 'print' | 'screen' }): Promise<void>;
  pdf(options: { format: 'A4'; printBackground?: boolean }): Promise<Buffer>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
}

export interface Locator {
  first(): Locator;
  click(): Promise<void>;
  count(): Promise<number>;
  fill(text: string): Promise<void>;
  focus(): Promise<void>;
  innerText(): Promise<string>;
  getAttribute(name: string): Promise<string | null>;
  selectOption(value: string): Promise<unknown>;
  check(): Promise<void>;
  screenshot(options: { path: string }): Promise<unknown>;
}

const { chromium } = createRequire(import.meta.url)('playwright-core') as Playwright;

const CHROMIUM = '/usr/bin/chromium';

/** In CSS pixels. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
}

export const DESKTOP: Viewport = { width: 1280, height: 900 };
export const PHONE: Viewport = { width: 390, height: 844 };

export type Theme = 'light' | 'dark';

/** Chromium's sandbox needs an account other than root. The page is our own file. */
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
  viewport: Viewport,
  theme: Theme,
  hear?: (text: string) => void,
  options: { readonly javaScriptEnabled?: boolean } = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport, colorScheme: theme, ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => hear?.(`error ${error.message}`));
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
