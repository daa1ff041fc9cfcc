/** Finds what `kubectl stasis explain` can explain by a word of the command line. Pure. */
import {
  EVENT_REASONS,
  HOLD_REASONS,
  PROGRESS_REASONS,
  REASONS,
  RELEASED_REASONS,
  SUCCESS_REASONS,
} from '../../api/reasons.js';
import { ERROR_SECTIONS } from './generated/errors.js';
import { plainText } from './markdown-text.js';

export interface Topic {
  readonly name: string;
  readonly markdown: string;
}

export interface TopicGroup {
  readonly title: string;
  readonly topics: readonly Topic[];
}

const CAUSES_HEADING = 'Causes in `unfrozen`';

/** A row of the table of causes: `| Name | what holds the task | what to do |`, the name as code. */
const CAUSE_ROW = /^\| `(\w+)` \| (.+?) \| (.+?) \|$/gm;

/** For the test of the documents. */
const COMMENT = /^ *<!--.*-->\n/gm;

const SECTIONS: ReadonlyMap<string, string> = new Map(
  ERROR_SECTIONS.map(({ heading, markdown }) => [heading, markdown.replaceAll(COMMENT, '')]),
);

const CAUSES: readonly Topic[] = [...(SECTIONS.get(CAUSES_HEADING) ?? '').matchAll(CAUSE_ROW)].map(
  ([, name = '', holds = '', what = '']) => ({
    name,
    markdown: `- **Means.** Of a task in \`unfrozen\`. ${holds}\n- **Do.** ${what}`,
  }),
);

function topicsOf(names: readonly string[]): Topic[] {
  return names.flatMap((name) => {
    const markdown = SECTIONS.get(name);
    return markdown === undefined ? [] : [{ name, markdown }];
  });
}

const ELSEWHERE: readonly string[] = [...SUCCESS_REASONS, ...PROGRESS_REASONS, ...HOLD_REASONS, ...EVENT_REASONS];

export const TOPIC_GROUPS: readonly TopicGroup[] = [
  { title: 'Success', topics: topicsOf(SUCCESS_REASONS) },
  { title: 'Progress', topics: topicsOf(PROGRESS_REASONS) },
  { title: 'Failure', topics: topicsOf(REASONS.filter((reason) => !ELSEWHERE.includes(reason))) },
  { title: 'End of a hold', topics: topicsOf(HOLD_REASONS) },
  { title: 'Events', topics: topicsOf(EVENT_REASONS) },
  { title: 'Whether everything is as it was found', topics: topicsOf(RELEASED_REASONS) },
  { title: 'Why a task did not stop', topics: CAUSES },
];

export const TOPICS: readonly Topic[] = TOPIC_GROUPS.flatMap(({ topics }) => topics);

/** The beginning of an explanation that says nothing yet: the values of conditions, and where the reason occurs. */
const PREAMBLE =
  /^(?:(?:Only )?[Oo]f the condition `Held`[:.] |Of a task in `unfrozen`\. |A Warning Event alone has this reason\. |`\w+=\w+`(?: and `\w+=\w+`)?[.,] )+/;

/** Returns what the reason means, in its first sentence. */
export function firstSentence({ markdown }: Topic): string {
  const [, means] = /\*\*Means\.\*\* ([^]*?)(?=\n- \*\*|$)/.exec(markdown) ?? [];
  const text = plainText(means ?? markdown).replace(PREAMBLE, '');
  const [sentence] = /^.*?\.(?= |$)/.exec(text) ?? [text];
  return sentence.replace(/^./, (letter) => letter.toUpperCase());
}

/** The reasons and documents that the text links to, in their order, each once. */
export function linksOf({ name, markdown }: Topic): {
  readonly topics: readonly string[];
  readonly files: readonly string[];
} {
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const topics = targets.flatMap(
    (target) => TOPICS.find((topic) => `#${topic.name.toLowerCase()}` === target)?.name ?? [],
  );
  const files = targets.filter((target) => !target.startsWith('#')).map((target) => `docs/${target}`);
  return { topics: [...new Set(topics)].filter((other) => other !== name), files: [...new Set(files)] };
}

export type FoundTopic =
  | { readonly kind: 'found'; readonly topic: Topic }
  /** The word is the beginning of several names, or close to some. */
  | { readonly kind: 'several' | 'like'; readonly names: readonly string[] }
  | { readonly kind: 'unknown' };

/** Finds a topic by its name or by the beginning of it. Upper and lower case do not matter. */
export function findTopic(word: string): FoundTopic {
  const wanted = word.toLowerCase();
  const begins = TOPICS.filter(({ name }) => name.toLowerCase().startsWith(wanted));
  const [only, another] = begins;
  const same = begins.find(({ name }) => name.toLowerCase() === wanted);
  if (same !== undefined) return { kind: 'found', topic: same };
  if (wanted !== '' && only !== undefined && another === undefined) return { kind: 'found', topic: only };
  if (wanted !== '' && only !== undefined) return { kind: 'several', names: begins.map(({ name }) => name) };
  // A third of the letters may differ: a word that is less alike is another word.
  const near = TOPICS.map(({ name }) => ({ name, distance: editDistance(name.toLowerCase(), wanted) }))
    .filter(({ name, distance }) => distance <= Math.min(4, Math.floor(Math.min(name.length, wanted.length) / 3)))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, 3);
  return near.length === 0 ? { kind: 'unknown' } : { kind: 'like', names: near.map(({ name }) => name) };
}

/** The longest name has 24 letters, so that a longer word is far from each of them. */
const LONGEST_WORD = 40;

/** The number of letters that were left out, added, or typed wrongly (Levenshtein). */
function editDistance(one: string, other: string): number {
  if (other.length > LONGEST_WORD) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of one.split('').entries()) {
    const next = [index + 1];
    for (let at = 0; at < other.length; at += 1) {
      const replaced = (row[at] ?? 0) + (other[at] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
