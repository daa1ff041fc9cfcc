/** The arguments of `stasis artifact`, which brings a whole tree out of the agent's container. */
import type { Command } from 'commander';
import { DEFAULT_ARTIFACTS } from '../node-agent/service/artifact-command.js';
import { UID } from '../node-agent/service/artifact-files.js';
import { quoteValue } from './render-escape.js';

export type ArtifactArguments =
  | { readonly kind: 'artifact'; readonly uid: string; readonly folder: string }
  | { readonly kind: 'usage-error'; readonly message: string };

const HELP = `
Prints the artifact to stdout, and then its sha256 to stderr. It runs where the artifact is: in the agent's container.

Exit status:
  0  printed
  1  there is no such artifact, or it cannot be read or written; the reason is printed
  2  unusable arguments

Examples:
  The command for an artifact, with the namespace and the node filled in
    $ kubectl get podcapture web-0123456789 -o jsonpath='{.status.artifact.command}'
  Its output, as a tree
    $ sh -c "$(kubectl get podcapture web-0123456789 -o jsonpath='{.status.artifact.command}')" | stasis show`;

/** Adds the command to the program. `done` is called with the meaning of a command line that names this command. */
export function addArtifact(program: Command, done: (result: ArtifactArguments) => void): void {
  program
    .command('artifact')
    .summary('on a node: print the whole tree of a capture')
    .description('Prints the artifact of a PodCapture, which has the whole tree, as JSON.')
    .argument('<uid>', 'UID of the PodCapture')
    .option('--artifacts <dir>', `where whole trees are written (default: ${DEFAULT_ARTIFACTS})`)
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', HELP)
    .allowExcessArguments(true)
    .action((uid: string, { artifacts = DEFAULT_ARTIFACTS }: { readonly artifacts?: string }, command: Command) => {
      const message = objection(uid, artifacts, command.args[1]);
      done(message === undefined ? { kind: 'artifact', uid, folder: artifacts } : { kind: 'usage-error', message });
    });
}

function objection(uid: string, folder: string, another: string | undefined): string | undefined {
  if (another !== undefined) return `unexpected argument ${quoteValue(another)}`;
  if (!UID.test(uid)) return `${quoteValue(uid)} is no UID of a PodCapture`;
  return folder.startsWith('/') ? undefined : `--artifacts: ${quoteValue(folder)} is not an absolute path`;
}
