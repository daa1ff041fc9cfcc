/** Parses the command line of the plugin. It prints nothing and never ends the process. */
import { Command, CommanderError, type Option } from 'commander';
import { describeParseError } from '../parse-error.js';
import type { Chosen, PluginCommand, Run } from './command.js';

/** The meaning of a command line. `text` ends with a newline; `message` is a single line without one. */
export type ParsedPlugin =
  | { readonly kind: 'run'; readonly run: Run }
  | { readonly kind: 'help' | 'version'; readonly text: string }
  /** The shell asks for completions. The last of the words is being completed. */
  | { readonly kind: 'complete'; readonly program: Command; readonly words: readonly string[] }
  | { readonly kind: 'usage-error'; readonly message: string };

/** cobra calls the hidden command so; `kubectl_complete-stasis` and the scripts of shells run it. */
const COMPLETE = '__complete';

const ABOUT =
  'Holds a pod still, shows every process and thread in it, and lets it go, with proof of how long it paused.';

/**
 * Parses the arguments that follow the plugin's name. Never throws and never exits. Without arguments, the result is the help.
 *
 * @param version the text that `--version` prints
 */
export function parsePlugin(
  argv: readonly string[],
  version: string,
  commands: readonly PluginCommand[],
): ParsedPlugin {
  const dashes = argv.indexOf('--');
  const [before, after] = dashes < 0 ? [argv, undefined] : [argv.slice(0, dashes), argv.slice(dashes + 1)];
  const output = { out: '', err: '' };
  const results: Chosen[] = [];
  const program = pluginProgram(version, output);
  for (const { add, takesCommand } of commands) {
    const refused: Chosen = { ok: false, message: 'this command takes no command after --' };
    add(program, (chosen) => results.push(after !== undefined && takesCommand !== true ? refused : chosen), after);
  }
  if (argv[0] === COMPLETE) return { kind: 'complete', program, words: argv.slice(1) };
  const unknown = unknownCommand(program, before);
  const words = unknown === undefined ? before : [unknown];
  try {
    program.parse(words[0] === 'help' && words[1] === 'help' ? ['help'] : [...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const end = describeParseError(error, output, words);
    if (end.kind !== 'usage-error') return end;
    if (unknown === undefined) return { ...end, message: valueOfFlag(program, words, end.message) ?? end.message };
    const other = OTHER_NAMES.get(unknown);
    if (other === undefined && end.message.includes('did you mean')) return end;
    return {
      ...end,
      message: `${end.message}; see: kubectl stasis ${other === undefined ? '--help' : `help ${other}`}`,
    };
  }
  const [chosen] = results;
  if (chosen === undefined) return { kind: 'usage-error', message: 'no command was given; see: kubectl stasis --help' };
  return chosen.ok ? { kind: 'run', run: chosen.run } : { kind: 'usage-error', message: chosen.message };
}

/** Commander calls `--dry-run=server` unknown where `--dry-run` is known and takes no value. */
function valueOfFlag(program: Command, [name]: readonly string[], message: string): string | undefined {
  const [, long] = /^unknown option "(--[a-z-]+)=/.exec(message) ?? [];
  const command = program.commands.find((each) => each.name() === name);
  return command?.options.some((option) => option.long === long) === true ? `${long} takes no value` : undefined;
}

/** The commands by the names that other programs give them. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['pause', 'hold'],
  ['freeze', 'hold'],
  ['unpause', 'release'],
  ['resume', 'release'],
  ['thaw', 'release'],
  ['capture', 'checkpoint'],
  ['create', 'checkpoint'],
  ['get', 'list'],
  ['describe', 'tree'],
  ['show', 'tree'],
]);

/** The word that should be a command and is none. With `--help` behind it, commander would print the help of the whole program. */
function unknownCommand(program: Command, [first, second]: readonly string[]): string | undefined {
  const word = first === 'help' ? second : first;
  if (word === undefined || word === '' || word === 'help' || word.startsWith('-')) return undefined;
  return program.commands.some((each) => each.name() === word || each.aliases().includes(word)) ? undefined : word;
}

/** The program without its commands. */
export function pluginProgram(version: string, output: { out: string; err: string }): Command {
  return new Command('kubectl stasis')
    .description(ABOUT)
    .version(version, '-V, --version', 'print the version of the plugin')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', '\n`kubectl stasis help hold` shows the options of a command, and examples.')
    .configureHelp({
      // The list of commands has no room for their arguments.
      subcommandTerm: (command) => command.name(),
      optionDescription: describeOption,
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (output.out += text),
      writeErr: (text) => (output.err += text),
      // By default commander asks the terminal of this process, so tests would depend on the terminal they run in.
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** Commander writes a default value that is a text in quotes, and those of our descriptions have none. */
function describeOption({ description, defaultValue }: Option): string {
  return typeof defaultValue === 'string' ? `${description} (default: ${defaultValue})` : description;
}
