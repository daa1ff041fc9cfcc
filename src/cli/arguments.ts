/** Parses the command line of `stasis` into a command and its options. It prints nothing and never ends the process. */
import { Command, CommanderError } from 'commander';
import { addArtifact, type ArtifactArguments } from './artifact-arguments.js';
import { addCheckpoint } from './checkpoint-arguments.js';
import type { CheckpointArguments } from './checkpoint-arguments.js';
import { addNodeAgent, type NodeAgentArguments } from './node-agent-arguments.js';
import { addController, type ControllerArguments } from './controller-arguments.js';
import { addDoctor, type DoctorArguments } from './doctor-arguments.js';
import { describeParseError } from './parse-error.js';
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
    return describeParseError(error, output, argv);
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
