/** The documents name files, headings, reasons and import laws: everything that a document names has to exist. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { REASONS } from '../../../src/api/reasons.js';
import { brokenLinks, linksOf } from '../../docs/links.js';
import { brokenMentions } from '../../docs/mentions.js';
import { openRepository } from '../../docs/repository.js';

interface Manifest {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

const TREE = openRepository();
const DOCUMENTS = TREE.documents;
const ENTRIES = [...TREE.paths];

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

  test('have no dead link', () => {
    expect(DOCUMENTS.flatMap(({ text }) => linksOf(text)).length).toBeGreaterThan(200);
    expect(DOCUMENTS.flatMap(({ path, text }) => brokenLinks(path, text, TREE))).toEqual([]);
  });
});

test('sources, chart, alerts and dashboards name only documents and headings that exist', () => {
  const sources = TREE.files(
    /^(bin|deploy|examples|scripts|src|test\/(?!unit\/docs\/|docs\/)).*(?<!\.(?:md|png|svg|tar))$|^Makefile$/,
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.flatMap(({ path, text }) => brokenMentions(path, text, TREE))).toEqual([]);
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

describe('examples', () => {
  const examples = TREE.files(/^examples\/.*\.yaml$/);

  test('are each shown by a document', () => {
    expect(examples.length).toBeGreaterThan(5);
    const shown = DOCUMENTS.map(({ text }) => text).join('\n');
    expect(examples.filter(({ path }) => !shown.includes(path)).map(({ path }) => path)).toEqual([]);
  });

  test('are manifests of the namespace default, where the documents look for them', () => {
    const objects = examples.flatMap(({ path, text }) =>
      parseAllDocuments(text).map((document) => ({ path, ...(document.toJS() as Manifest) })),
    );
    const strange = objects.filter(({ kind, metadata }) => kind === undefined || metadata?.namespace !== 'default');
    expect(strange).toEqual([]);
  });
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
