// Puts docs/errors.md into the kubectl plugin, which is one file and explains reasons without the documents:
// src/cli/kubectl/generated/errors.ts. With --check it writes nothing, and fails when the file differs.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const FROM = 'docs/errors.md';
const OUT = 'src/cli/kubectl/generated/errors.ts';

const file = new URL(`../${OUT}`, import.meta.url);
const text = await generate();
if (!process.argv.includes('--check')) {
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, text);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  console.error(`${OUT} differs from ${FROM}: run npm run generate`);
  process.exitCode = 1;
}

async function generate() {
  const sections = sectionsOf(await readFile(new URL(`../${FROM}`, import.meta.url), 'utf8'));
  const source = `/** The sections of ${FROM}, in their order. Generated from it by npm run generate. Pure. */
export const ERROR_SECTIONS: readonly { readonly heading: string; readonly markdown: string }[] = ${JSON.stringify(sections)};`;
  return await format(source, { ...(await resolveConfig(OUT)), filepath: OUT });
}

/** A heading of the second or third level begins a section. What stands before the first one is about all of them. */
function sectionsOf(markdown) {
  const [, ...parts] = markdown.split(/^#{2,3} (?=\S)/m);
  return parts.map((part) => {
    const [heading, ...lines] = part.split('\n');
    const body = lines.join('\n').trim();
    return { heading, markdown: body.replace(/\n*^---$/m, '').trim() };
  });
}
