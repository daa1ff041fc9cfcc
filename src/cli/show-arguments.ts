/** The arguments of `stasis show`, which prints a PodCapture of the cluster as a tree. */
import type { Command } from 'commander';
import { quoteValue } from './render-escape.js';

export type ShowArguments =
  { readonly kind: 'show'; readonly file: string } | { readonly kind: 'usage-error'; readonly message: string };

const EXAMPLES = `
Examples:
  What the last capture of a pod has seen
    $ kubectl get podcapture web-0123456789 -o json | stasis show
  A whole tree, from the artifact on the node
    $ stasis show /var/lib/stasis/0f8fad5b-d9cb-469f-a165-70867728950e.json`;

/** Adds the command to the program. `done` is called with the meaning of a command line that names this command. */
export function addShow(program: Command, done: (result: ShowArguments) => void): void {
  program
    .command('show')
    .summary('print a PodCapture of the cluster as a tree')
    .description('Prints a PodCapture, as JSON or YAML from a file or from the standard input, as a tree.')
    .argument('[file]', 'default: the standard input', '-')
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(true)
    .action((file: string, _options: object, command: Command) => {
      const [, another] = command.args;
      done(
        another === undefined
          ? { kind: 'show', file }
          : { kind: 'usage-error', message: `unexpected argument ${quoteValue(another)}` },
      );
    });
}
