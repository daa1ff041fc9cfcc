import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository, seen from build/test/kernel/harness/, where this file runs. */
export const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));

/** Returns the path of the compiled test/programs/NAME.c (or test/bench/NAME.c). Throws when the program was not built. */
export function programPath(name: string): string {
  const path = `${REPOSITORY}build/programs/${name}`;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${path} is missing: run make -f test/programs/programs.mk in the root of the repository`);
  }
  return path;
}
