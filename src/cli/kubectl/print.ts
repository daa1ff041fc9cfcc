/** Prints the result of a command. */
import { escapeMessage } from '../render-escape.js';
import { renderJson } from '../render-json.js';
import { OK } from './exit-codes.js';
import { withoutManagedFields } from './managed-fields.js';
import type { Surroundings } from './surroundings.js';
import { fail } from './with-cluster.js';

/** Prints text. Returns `status`, or the status of a failure where the standard output cannot be written. */
export async function printText(surroundings: Surroundings, text: string, status: number = OK): Promise<number> {
  const why = await surroundings.terminal.print(text);
  if (why === undefined) return status;
  // The reader has gone, as with `| head`. A program that ends by SIGPIPE says nothing either.
  if (why.startsWith('EPIPE')) return status;
  return await fail(surroundings, `the standard output cannot be written: ${why}`);
}

/** Prints one line, in which nothing that others have written acts on the terminal. */
export async function printLine(surroundings: Surroundings, line: string, status: number = OK): Promise<number> {
  return await printText(surroundings, `${escapeMessage(line)}\n`, status);
}

/** Prints one piece after the other, and stops at the first that cannot be printed. No more than one is in memory at a time. */
export async function printPieces(surroundings: Surroundings, pieces: Iterable<string>): Promise<number> {
  for (const piece of pieces) {
    const why = await surroundings.terminal.print(piece);
    if (why?.startsWith('EPIPE') === true) return OK;
    if (why !== undefined) return await fail(surroundings, `the standard output cannot be written: ${why}`);
  }
  return OK;
}

/** Prints an object as kubectl does with `-o json` and `-o yaml`. */
export async function printObject(
  surroundings: Surroundings,
  object: object,
  output: 'json' | 'yaml',
  status: number = OK,
): Promise<number> {
  const shown = withoutManagedFields(object);
  if (output === 'json') return await printText(surroundings, renderJson(shown), status);
  // The library of YAML takes 30 ms to load.
  const { renderYaml } = await import('../render-yaml.js');
  return await printText(surroundings, renderYaml(shown), status);
}
