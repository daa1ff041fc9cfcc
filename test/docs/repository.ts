/** The files of the repository, as the tests of the documents see them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { REPOSITORY } from '../kernel/harness/programs.js';
import type { Tree } from './links.js';

/** Folders and files that tools make or keep. They belong to no commit. */
const LEFT_OUT = new Set(['.git', 'build', 'node_modules']);

function below(folder: string): string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.has(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? [path, ...below(path)] : [path];
  });
}

export interface File {
  readonly path: string;
  readonly text: string;
}

export interface Repository extends Tree {
  readonly documents: readonly File[];
  /** Reads the files whose path matches. */
  readonly files: (pattern: RegExp) => File[];
}

function read(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}

export function openRepository(): Repository {
  const paths = below('');
  const files = (pattern: RegExp): File[] =>
    paths
      .filter((path) => pattern.test(path) && statSync(join(REPOSITORY, path)).isFile())
      .map((path) => ({ path, text: read(path) }));
  return { paths: new Set(paths), read, files, documents: files(/\.md$/) };
}
