/**
 * Lists the files under the law of pure code: no I/O, no clock, no process. .dependency-cruiser.mjs and oxlint.config.mjs
 * state that law for this list.
 *
 * A file is on the list when the comment at its very top says "Pure", or when it is in one of the two folders that hold
 * nothing but pure code.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['src/api/', 'src/node-agent/pure/'];
const HEADER = /^\/\*\*[^]*?\*\//;

/** @returns {string[]} paths from the root of the repository, sorted */
export function pureFiles() {
  return readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file}`)
    .filter((file) => FOLDERS.some((folder) => file.startsWith(folder)) || claimsToBePure(file))
    .sort();
}

function claimsToBePure(file) {
  const [header = ''] = HEADER.exec(readFileSync(`${ROOT}/${file}`, 'utf8')) ?? [];
  return /\bPure\b/.test(header);
}
