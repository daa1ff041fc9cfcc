/**
 * Completes a command line, in the protocol by which the scripts of cobra, and so kubectl, ask a program for completions
 * (https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md): a line for each candidate, with a tab before its
 * description, and a last line with the directive.
 */
import type { Command } from 'commander';
import { escapeText } from '../render-escape.js';
import { candidatesFor, type Candidates } from './complete-candidates.js';
import { locate } from './complete-place.js';
import type { Surroundings } from './surroundings.js';

/** Bits of cobra's ShellCompDirective. */
export const DIRECTIVES = { error: 1, noSpace: 2, noFiles: 4 } as const;

/** A person waits 2 s at most: 1.8 s and the start of the plugin. */
const BOUND_MILLISECONDS = 1_700;
const GRACE_MILLISECONDS = 100;

/** `words` are those after `kubectl stasis`; the last one is being completed. Never rejects, and says nothing about a failure. */
export async function complete(
  program: Command,
  words: readonly string[],
  surroundings: Pick<Surroundings, 'connect'>,
  bound: number = BOUND_MILLISECONDS,
): Promise<string> {
  const word = words.at(-1) ?? '';
  const located = locate(program, words.slice(0, -1), word);
  const over = new AbortController();
  const timers: NodeJS.Timeout[] = [setTimeout(() => over.abort(), bound)];
  // A credential plugin or a file on a slow network knows nothing of the signal. What the signal ends has time to hand over
  // what it has found so far.
  const late = new Promise<Candidates>((resolve) => {
    timers.push(setTimeout(() => resolve({ words: [] }), bound + GRACE_MILLISECONDS));
  });
  let found: Candidates;
  try {
    found = await Promise.race([candidatesFor(located, word, surroundings, over.signal), late]);
  } catch {
    found = { words: [] };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
  return render(found);
}

function render({ words, files, noSpace }: Candidates): string {
  const lines = words.map(({ word, about }) => (about === undefined ? word : `${word}\t${about}`)).map(oneLine);
  const directive = (files === true ? 0 : DIRECTIVES.noFiles) + (noSpace === true ? DIRECTIVES.noSpace : 0);
  return [...lines, `:${directive}`, ''].join('\n');
}

/** The tab between a candidate and its description stays. */
function oneLine(text: string): string {
  return text.split('\t').map(escapeText).join('\t');
}
