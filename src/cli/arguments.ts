/** Parses the command line of `stasis` into a command and its options. It prints nothing and never ends the process. */
import { Command, CommanderError } from 'commander';
import { addArtifact, type ArtifactArguments } from './artifact-arguments.js';
import { addCheckpoint } from './checkpoint-arguments.js';
import type { CheckpointArguments } from './checkpoint-arguments.js';
import { addNodeAgent, type NodeAgentArguments } from './node-agent-arguments.js';
import { addController, type ControllerArguments } from './controller-arguments.js';
import { addDoctor, type DoctorArguments } from './doctor-arguments.js';
import { escapeText, quoteValue } from './render-escape.js';
import { addShow, type ShowArguments } from './show-arguments.js';
import { addUninstall, type UninstallArguments } from './uninstall-arguments.js';

/** The meaning of a command line. `text` ends with a newline; `message` is a single line without one. */
export type ParsedArguments =
  | ArtifactArguments
  | CheckpointArguments
  | ControllerArguments
  | DoctorArguments
  | NodeAgentArguments
  | ShowArguments
  | UninstallArguments
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version'; readonly text: string }
  | { readonly kind: 'usage-error'; readonly message: string };

/**
 * Adds a command to the program. `done` is called with the meaning of a command line that names this command. For a new
 * command, write a file with such a function, and add the function to {@link COMMANDS} and the command's type to
 * {@link ParsedArguments}.
 */
export type AddCommand = (program: Command, done: (result: ParsedArguments) => void) => void;

const COMMANDS: readonly AddCommand[] = [
  addCheckpoint,
  addShow,
  addArtifact,
  addDoctor,
  addController,
  addUninstall,
  addNodeAgent,
];

/**
 * Parses the arguments that follow the program's name. Never throws and never exits. Without arguments, the result is
 * the help text.
 *
 * @param version the text that `--version` prints
 */
export function parseArguments(argv: readonly string[], version: string): ParsedArguments {
  const output = { out: '', err: '' };
  const results: ParsedArguments[] = [];
  const program = makeProgram(version, output);
  for (const add of COMMANDS) add(program, (result) => results.push(result));
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return describe(error, output, argv);
  }
  return results[0] ?? { kind: 'usage-error', message: 'no command was given' };
}

function makeProgram(version: string, output: { out: string; err: string }): Command {
  return new Command('stasis')
    .description(
      'Holds a Kubernetes pod still, looks at every process and thread in it, and lets it go, with proof of how long ' +
        'it paused.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', '\n`stasis help checkpoint` shows its options, and examples.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (output.out += text),
      writeErr: (text) => (output.err += text),
      // By default commander asks the terminal of this process, so tests would depend on the terminal they run in.
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** With exitOverride(), commander throws an exception even when it was asked for the help or the version. */
function describe(
  error: CommanderError,
  output: { readonly out: string; readonly err: string },
  argv: readonly string[],
): ParsedArguments {
  switch (error.code) {
    case 'commander.version':
      return { kind: 'version', text: output.out };
    case 'commander.helpDisplayed':
      return { kind: 'help', text: output.out };
    case 'commander.help':
      return output.out === '' && argv.length > 0
        ? { kind: 'usage-error', message: unknownTopic(argv) }
        : { kind: 'help', text: output.out + output.err };
    case 'commander.optionMissingArgument':
      return {
        kind: 'usage-error',
        message: reword(error.message).replace(/^option "(.*)" argument missing$/, '$1: the value is missing'),
      };
    default:
      return { kind: 'usage-error', message: reword(error.message) };
  }
}

/** For `stasis help x` with an unknown x, commander prints the help of the whole program and asks for exit status 1. */
function unknownTopic(argv: readonly string[]): string {
  const topic = argv[0] === 'help' ? argv[1] : undefined;
  return topic === undefined ? 'no command was given' : `unknown command ${quoteValue(topic)}`;
}

/**
 * Turns a message of commander, such as `error: unknown option '--pod-uid'\n(Did you mean --pod?)`, into one line in
 * Stasis's form.
 */
function reword(message: string): string {
  const [, text = message, hint] = /^error: (.*?)(?:\n\(Did you mean (.*)\?\))?$/s.exec(message) ?? [];
  const quoted = text.replace(/'(.*)'/s, (_, value: string) => quoteValue(value));
  return escapeControls(`${quoted}${hint === undefined ? '' : ` (did you mean ${hint}?)`}`);
}

/**
 * Escapes everything but backslashes: quoted values are escaped already, and their backslashes must not be escaped
 * again.
 */
function escapeControls(text: string): string {
  return text.split('\\').map(escapeText).join('\\');
}
