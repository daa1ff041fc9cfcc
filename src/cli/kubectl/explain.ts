/** `kubectl stasis explain`: says what a reason means, what state things are in, and what to do. It needs no cluster. */
import { checkChoice, refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';
import { addColorFlag, checkColorFlag, withColor, type RawColorFlag, type When } from './color-flag.js';
import type { PluginCommand } from './command.js';
import { printText } from './print.js';
import { renderTopic, renderTopics, topicMarkdown, topicsMarkdown } from './render-topic.js';
import type { Surroundings } from './surroundings.js';
import { findTopic } from './topics.js';
import { fail } from './with-cluster.js';

const OUTPUTS = ['text', 'markdown'] as const;

interface RawOptions extends RawColorFlag {
  readonly output: string;
}

interface Options {
  readonly word?: string;
  readonly output: (typeof OUTPUTS)[number];
  readonly color: When;
}

const HELP = `
Upper and lower case do not matter, and the beginning of a reason will do where
it is the beginning of one reason only. No cluster is asked.

Examples:
  What does this reason mean, and what is to be done?
    $ kubectl stasis explain FreezeTimeout
  The same, with fewer letters
    $ kubectl stasis explain freezet
  All reasons, with a sentence each
    $ kubectl stasis explain`;

export const EXPLAIN: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('explain')
      .summary('say what a reason means, and what to do')
      .description('Explains a reason that a Checkpoint ended with, waits with, or was refused with.')
      .usage('[REASON] [options]')
      .argument('[reason...]')
      .option('-o, --output <form>', `of the text: ${OUTPUTS.join('|')}`, 'text')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP);
    addColorFlag(command).action((words: readonly string[], raw: RawOptions) => {
      const checked = check(words, raw);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check([word, another]: readonly string[], raw: RawOptions): Checked<Options> {
  if (another !== undefined) return refuse(`unexpected argument ${quoteValue(another)}; explain one reason at a time`);
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const color = checkColorFlag(raw);
  if (!color.ok) return color;
  const options = { output: output.value, color: color.value };
  return { ok: true, value: word === undefined ? options : { ...options, word } };
}

async function run(surroundings: Surroundings, { word, output, color }: Options): Promise<number> {
  const options = withColor(surroundings.terminal.output, color);
  if (word === undefined)
    return await printText(surroundings, output === 'text' ? renderTopics(options) : topicsMarkdown());
  const found = findTopic(word);
  if (found.kind !== 'found') return await fail(surroundings, whyNot(word, found, surroundings.version));
  return await printText(
    surroundings,
    output === 'text' ? renderTopic(found.topic, options) : topicMarkdown(found.topic),
  );
}

/** Says in one line why nothing is explained, and what to do. */
function whyNot(
  word: string,
  found: Exclude<ReturnType<typeof findTopic>, { kind: 'found' }>,
  version: string,
): string {
  switch (found.kind) {
    case 'several':
      return `${quoteValue(word)} is the beginning of several reasons: ${found.names.join(', ')}`;
    case 'like':
      return `there is no reason ${quoteValue(word)}; did you mean ${found.names.join(' or ')}? All of them: kubectl stasis explain`;
    case 'unknown':
      return /^[A-Z][A-Za-z]+$/.test(word)
        ? `this plugin (version ${version}) does not know the reason ${quoteValue(word)}; a newer Stasis may have it: upgrade the plugin, or see those that it knows: kubectl stasis explain`
        : `${quoteValue(word)} is no reason; for a Checkpoint: ${treeOf(word)}; all reasons: kubectl stasis explain`;
    default:
      return found satisfies never;
  }
}

/** The command that shows the Checkpoint, where the word may be the name of one. */
function treeOf(word: string): string {
  return `kubectl stasis tree ${/^[a-z0-9][-a-z0-9./]{0,250}$/.test(word) ? word : 'NAME'}`;
}
