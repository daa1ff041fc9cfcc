/** The options of `stasis uninstall`, the command that the chart's pre-delete hook runs. */
import type { Command } from 'commander';
import type { InstallerMark } from '../controller/uninstall-step.js';
import { addClusterOptions, checkNamespaces } from './cluster-options.js';
import { handOver, type OptionArguments } from './option-command.js';
import { checkInteger, given, refuse, type Checked } from './option-values.js';

export interface UninstallArgumentsOptions {
  readonly kubeconfig?: string;
  /** The default is the environment variable POD_NAMESPACE. */
  readonly namespace?: string;
  readonly controller: string;
  readonly controllerPods: string;
  readonly agentAccount: string;
  readonly waitSeconds: number;
  readonly installedBy?: InstallerMark;
  readonly ownJob?: string;
}

export type UninstallArguments = OptionArguments<'uninstall', UninstallArgumentsOptions>;

interface RawOptions {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly controller?: string;
  readonly controllerPods?: string;
  readonly agentAccount?: string;
  readonly waitSeconds?: string;
  readonly installedBy?: string;
  readonly ownJob?: string;
}

const LONGEST_WAIT_SECONDS = 600;

const AFTER = `
Run by the chart before it is uninstalled. It scales the controller to nothing, lets captures end, ends all Checkpoints and
takes the finalizers off; to run it twice does no harm. Nothing is captured any more until the chart is installed again.

Exit status:
  0  nothing is left that would need the controller, or --installed-by or --own-job says that nobody uninstalls
  1  something is; the log names it
  2  unusable arguments`;

/** Adds the command to the program. `done` is called with the meaning of a command line that names this command. */
export function addUninstall(program: Command, done: (result: UninstallArguments) => void): void {
  const declared = program
    .command('uninstall')
    .summary('in a cluster: end everything, before the chart is removed')
    .description(
      'Ends every capture in the cluster and takes every finalizer of Stasis off, so that it can be removed.',
    )
    .usage('--controller <name> --controller-pods <selector> --agent-account <name> [options]');
  addClusterOptions(declared)
    .option('--controller <name>', "name of the controller's Deployment")
    .option('--controller-pods <selector>', 'label selector of its pods')
    .option('--agent-account <name>', "name of the node agents' service account")
    .option('--wait-seconds <n>', 'how long captures may take to end, at most 600 (default: 30)')
    .option(
      '--installed-by <annotation[=value]>',
      'do nothing unless the Deployment has this annotation, which only the installer sets',
    )
    .option('--own-job <name>', 'do nothing if this Job, which runs the command, was applied as an ordinary manifest');
  handOver(declared, { kind: 'uninstall', help: AFTER, check: checkOptions, done });
}

function checkOptions(raw: RawOptions): Checked<UninstallArgumentsOptions> {
  const { controller, controllerPods, agentAccount } = raw;
  if (controller === undefined || controller === '') return refuse('--controller: the value is missing');
  if (controllerPods === undefined || controllerPods === '') return refuse('--controller-pods: the value is missing');
  if (agentAccount === undefined || agentAccount === '') return refuse('--agent-account: the value is missing');
  if (raw.installedBy !== undefined && !/^[^=]/.test(raw.installedBy))
    return refuse('--installed-by: the value is missing');
  if (raw.ownJob === '') return refuse('--own-job: the value is missing');
  const namespaces = checkNamespaces([raw.namespace]);
  if (!namespaces.ok) return namespaces;
  const waitSeconds = checkInteger('--wait-seconds', raw.waitSeconds ?? '30', 1, LONGEST_WAIT_SECONDS);
  if (!waitSeconds.ok) return waitSeconds;
  return {
    ok: true,
    value: {
      controller,
      controllerPods,
      agentAccount,
      waitSeconds: waitSeconds.value,
      ...given({
        kubeconfig: raw.kubeconfig,
        namespace: raw.namespace,
        installedBy: markOf(raw.installedBy),
        ownJob: raw.ownJob,
      }),
    },
  };
}

function markOf(text: string | undefined): InstallerMark | undefined {
  if (text === undefined) return undefined;
  const at = text.indexOf('=');
  return at === -1 ? { annotation: text } : { annotation: text.slice(0, at), value: text.slice(at + 1) };
}
