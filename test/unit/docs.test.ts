/** The documents name files, headings, reasons and import laws: everything that a document names has to exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { REASONS } from '../../src/api/reasons.js';

/** Files and folders of the repository, as paths from its root. */
const ENTRIES = readdirSync('.', { withFileTypes: true }).flatMap((entry) => {
  if (entry.isFile()) return [entry.name];
  if (!['bin', 'deploy', 'docs', 'examples', 'scripts', 'src', 'test'].includes(entry.name)) return [];
  const below = readdirSync(entry.name, { recursive: true, encoding: 'utf8' });
  return [entry.name, ...below.filter((path) => !path.includes('node_modules')).map((path) => `${entry.name}/${path}`)];
});

const DOCUMENTS = ENTRIES.filter((path) => path.endsWith('.md')).map((path) => ({
  path,
  text: readFileSync(path, 'utf8'),
}));

/** A path from the root of the repository, or the end of a path to a source file, such as `phases/seize.ts`. */
const NAMED_PATH =
  /(?<![\w./-])(?:(?:bin|deploy|docs|examples|scripts|src|test)\/[\w./*-]*[\w*]|(?:[\w*-]+\/)*[\w*.-]+\.(?:c|h|mjs|mk|sh|ts)(?!\w))/g;

/** Placeholders such as `test/programs/NAME.c` name no file. */
function namedPaths(text: string): string[] {
  return [...new Set(text.match(NAMED_PATH))].filter((path) => !/(?<![\w-])[A-Z]{2,}\.\w+$/.test(path));
}

/** A short form is the end of a path; `*` stands for any part of a name. */
function exists(path: string): boolean {
  const pattern = path.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
  return ENTRIES.some((entry) => new RegExp(`(^|/)${pattern}$`).test(entry));
}

/** The anchors that GitHub gives to the headings of a document. */
function anchors(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  test('name only files and folders of the repository that exist', () => {
    expect(namedPaths('`phases/seize.ts`, crd-*.test.ts, src/kube/ and test/programs/NAME.c')).toEqual([
      'phases/seize.ts',
      'crd-*.test.ts',
      'src/kube',
    ]);
    const named = DOCUMENTS.flatMap(({ path, text }) => namedPaths(text).map((name) => ({ document: path, name })));
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ name }) => !exists(name))).toEqual([]);
  });

  test('link only to documents and headings that exist', () => {
    const links = DOCUMENTS.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)/g)].map(([link, file = '', anchor]) => ({
        document: path,
        link,
        target: file === '' ? path : join(dirname(path), file),
        anchor,
      })),
    );
    expect(links.length).toBeGreaterThan(30);
    const broken = links.filter(
      ({ target, anchor }) =>
        !existsSync(target) || (anchor !== undefined && !anchors(readFileSync(target, 'utf8')).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });
});

test('docs/errors.md has one heading for each of REASONS, in their order', () => {
  const headings = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^## (.+)$/gm)].map((match) => match[1]);
  expect(headings).toEqual([...REASONS]);
});

test('docs/architecture.md explains each import law of .dependency-cruiser.mjs, in their order', () => {
  const laws = [...readFileSync('.dependency-cruiser.mjs', 'utf8').matchAll(/^ {6}name: '(.+)'/gm)];
  const section = /^## Import laws$([^]*?)^## /m.exec(readFileSync('docs/architecture.md', 'utf8'))?.[1] ?? '';
  const explained = [...section.matchAll(/^\| `(.+?)` \|/gm)];
  expect(laws.length).toBeGreaterThan(10);
  expect(explained.map((match) => match[1])).toEqual(laws.map((match) => match[1]));
});

describe('docs/glossary.md', () => {
  const lines = readFileSync('docs/glossary.md', 'utf8').split('\n');
  const entries = lines
    .filter((line) => line.startsWith('- '))
    .map((line) => /^- \*\*(.+?)\*\*/.exec(line)?.[1] ?? line);

  test('has one line per term, and each term once, in alphabetical order', () => {
    expect(entries.length).toBeGreaterThan(50);
    expect(entries).toEqual([...new Set(entries)].toSorted((a, b) => a.localeCompare(b, 'en')));
    expect(lines.filter((line) => /^\s+\S/.test(line))).toEqual([]);
  });

  test('is linked from README.md', () => {
    expect(readFileSync('README.md', 'utf8')).toContain('](docs/glossary.md)');
  });
});
