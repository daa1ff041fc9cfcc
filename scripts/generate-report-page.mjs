// Generates src/cli/report/generated/page.ts: the script and the style of the report page as text, and their hashes. They have
// to be text in a module, because kubectl-stasis is one file that finds no other beside it. With --check it writes nothing,
// and fails when the file differs.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';

const OUT = 'src/cli/report/generated/page.ts';
const FOLDER = fileURLToPath(new URL('../src/cli/report/page/', import.meta.url));
const file = new URL(`../${OUT}`, import.meta.url);

const script = await bundle('main.ts', { format: 'iife', target: 'es2022' });
const style = await bundle('style.css', { target: ['chrome111', 'firefox113', 'safari16'] });
const text = await generate();
if (!process.argv.includes('--check')) await writeFile(file, text);
else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  console.error(`${OUT} differs from src/cli/report/page: run npm run generate`);
  process.exitCode = 1;
}

/** Names are kept, so that whoever reads the page can read its script. */
async function bundle(entry, options) {
  const { outputFiles } = await build({
    entryPoints: [`${FOLDER}${entry}`],
    bundle: true,
    write: false,
    minifyWhitespace: entry.endsWith('.css'),
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'error',
    // Comments of esbuild name the files from here.
    absWorkingDir: FOLDER,
    ...options,
  });
  return outputFiles[0].text.trim();
}

async function generate() {
  const page = { script, scriptHash: hash(script), style, styleHash: hash(style) };
  const source =
    '/** Generated from src/cli/report/page by npm run generate: script, style, and their SHA-256 hashes. Pure. */\n' +
    `export const PAGE = ${JSON.stringify(page)} as const;\n`;
  return await format(source, { ...(await resolveConfig(OUT)), filepath: OUT });
}

function hash(content) {
  return createHash('sha256').update(content).digest('base64');
}
