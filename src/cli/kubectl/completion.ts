/** `kubectl stasis completion`: prints the script that completes the plugin's command line in a shell. */
import { checkChoice, refuse } from '../option-values.js';
import { quoteValue } from '../render-escape.js';
import type { PluginCommand } from './command.js';
import { SCRIPTS, SHELLS } from './completion-scripts.js';
import { printText } from './print.js';

const HELP = `
kubectl completes the words after \`kubectl stasis\` by running a program that is
named kubectl_complete-stasis, from version 1.26 on. It has to be on the PATH;
krew does not put it there. The other scripts are for the name kubectl-stasis.

Examples:
  Complete \`kubectl stasis\`, where completion of kubectl itself is set up
    $ kubectl stasis completion kubectl > ~/.krew/bin/kubectl_complete-stasis
    $ chmod +x ~/.krew/bin/kubectl_complete-stasis
  Complete \`kubectl-stasis\` in this shell
    $ source <(kubectl-stasis completion bash)
    $ source <(kubectl-stasis completion zsh)
    $ kubectl-stasis completion fish | source`;

export const COMPLETION: PluginCommand = {
  add: (program, choose) => {
    program
      .command('completion')
      .summary('print the script that completes the command line in a shell')
      .description(`Prints the script for completion: ${SHELLS.join(', ')}.`)
      .usage('SHELL')
      .argument('[shell...]')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP)
      .action(([shell, another]: readonly string[]) => {
        if (shell === undefined) return choose(refuse(`the shell is missing: ${SHELLS.join(', ')}`));
        if (another !== undefined) return choose(refuse(`unexpected argument ${quoteValue(another)}`));
        const chosen = checkChoice('completion', shell, SHELLS);
        if (!chosen.ok) return choose(chosen);
        choose({ ok: true, run: async (surroundings) => await printText(surroundings, SCRIPTS[chosen.value]) });
      });
  },
};
