import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { stateFolder } from './state.js';

const LINES = 4;
const WIDTH = 400;

/**
 * Returns the last lines of every log of a cluster, to explain why it did not come up or why a test failed. Call it before the
 * logs are removed.
 */
export function lastWords(name: string): string {
  const folder = stateFolder(name);
  if (!existsSync(folder)) return '';
  const logs = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((place) => readdirSync(join(folder, place.name)).map((file) => join(place.name, file)))
    .filter((path) => path.endsWith('.log') && !path.endsWith('audit.log'));
  return logs
    .map((path) => ({ path, lines: lastLines(readFileSync(join(folder, path), 'utf8')) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ path, lines }) => [`-- ${path}`, ...lines].join('\n'))
    .join('\n');
}

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-LINES)
    .map((line) => line.slice(0, WIDTH));
}
