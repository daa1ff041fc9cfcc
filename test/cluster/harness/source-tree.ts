import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Returns the folder test/cluster of the source tree. Shell scripts and C files are used from there, not from build/.
 */
export function sourceFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error('the source tree was not found');
    folder = dirname(folder);
  }
  return join(folder, 'test', 'cluster');
}

/** Returns the path of a compiled program of the harness, next to this file. */
export function compiled(name: string): string {
  return join(dirname(fileURLToPath(import.meta.url)), name);
}
