/** The marks of blocks with commands: whether a test runs them, and if not, why. Pure. */
import type { Fence } from './markdown.js';

export type Mark =
  /** The runner of that name runs the commands. `words` are written in place of placeholders. */
  | { readonly kind: 'run'; readonly story: string; readonly words: ReadonlyMap<string, string> }
  | { readonly kind: 'not run'; readonly reason: string }
  /** The block shows what a program prints, or a drawing, and has no command. */
  | { readonly kind: 'example output' };

const SHELLS = new Set(['console', 'sh', 'bash', 'shell']);
const PLAIN = new Set(['', 'text', 'txt']);
const PROGRAMS =
  'amtool|bin/stasis|cat|cd|cp|ctr|curl|docker|echo|export|find|flux|git|grep|helm|install|jq|krew|kubectl|make|mkdir|node|npm|npx|oc|sha256sum|skopeo|stasis|sudo|tar|velero';
const COMMAND = new RegExp(`^\\s*(?:[$#] )?(?:${PROGRAMS})(?:\\s|$)`);
const PROMPT = /^\s*\$ \S/;

/** Reads the comment before a block: `run: NAME`, `run: NAME with NS=default`, `not run: WHY`, or `example output`. */
export function parseMark(comment: string | undefined): Mark | undefined {
  if (comment === 'example output') return { kind: 'example output' };
  const [, kind, text = ''] = /^(run|not run): *(.*)$/.exec(comment ?? '') ?? [];
  if (kind === 'not run') return { kind, reason: text };
  const [, story = '', pairs = ''] = /^([a-z][a-z0-9-]*)(?: with ((?:[A-Z]+=\S+ ?)+))?$/.exec(text) ?? [];
  if (kind !== 'run' || story === '') return undefined;
  const words = pairs
    .split(' ')
    .filter(Boolean)
    .map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
  return { kind, story, words: new Map(words) };
}

/** Whether the block is one of commands, so that it needs a mark. */
export function hasCommands({ language, lines }: Fence): boolean {
  if (SHELLS.has(language)) return true;
  return PLAIN.has(language) && lines.some((line) => COMMAND.test(line) || PROMPT.test(line));
}

/** Lists what is wrong with the mark of a block, given the names of the stories that a document may tell. */
export function markFaults(fence: Fence, stories: readonly string[]): string[] {
  const mark = parseMark(fence.comment);
  if (!hasCommands(fence)) return mark?.kind === 'run' ? ['the block has no command to run'] : [];
  if (mark === undefined) return ['no line before the block says <!-- run: NAME --> or <!-- not run: WHY -->'];
  if (mark.kind === 'not run') return mark.reason.split(' ').length > 1 ? [] : ['the reason has no words'];
  if (mark.kind === 'run') return stories.includes(mark.story) ? [] : [`nothing runs "${mark.story}" of this document`];
  return SHELLS.has(fence.language) ? ['a block of a shell is no example output'] : [];
}
