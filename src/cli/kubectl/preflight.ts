/** `kubectl stasis preflight`: says what would stand in the way of a Checkpoint, before there is one. */
import { checkChoice, collect, refuse, type Checked } from '../option-values.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import { afterSignal, FAILED, OK } from './exit-codes.js';
import { allNamespacesFlag } from './list.js';
import { checkPodName } from './names.js';
import { examinePods, type Wanted } from './preflight-pods.js';
import { printObject, printText } from './print.js';
import { renderPod, renderPods, verdictOf, type PodResult } from './render-preflight.js';
import { checkStasisNamespace, stasisNamespaceFlag } from './stasis-namespace-flag.js';
import type { Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['text', 'json'] as const;

interface RawOptions extends RawClusterFlags {
  readonly container?: readonly string[];
  readonly all?: true;
  readonly allNamespaces?: true;
  /** commander sets this to true, and `--no-dry-run` sets it to false. */
  readonly dryRun: boolean;
  readonly stasisNamespace?: string;
  readonly output: string;
}

interface Options extends Wanted {
  readonly output: (typeof OUTPUTS)[number];
  readonly cluster: ClusterFlags;
}

const HELP = `
It reads what it may, asks the API server whether it would accept a Checkpoint,
and makes a dry run: a Checkpoint by which the agent looks at the pod on its
node, and touches nothing. It is deleted a minute after its end.

What you may not read is shown as not known, and never taken as fine. The exit
status is 0 when nothing stands in the way, and 1 otherwise; without a dry run,
it is 1 also when something is not known.

Examples:
  What would stand in the way of this pod, and how long may it be held?
    $ kubectl stasis preflight pod/web-0
  A table of all pods of a namespace
    $ kubectl stasis preflight --all -n shop
  How long may each pod of the cluster be held? Makes no Checkpoints.
    $ kubectl stasis preflight -A --no-dry-run
  Without a Checkpoint
    $ kubectl stasis preflight pod/web-0 --no-dry-run`;

export const PREFLIGHT: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('preflight')
      .summary('say what would stand in the way')
      .description('Says what would stand in the way of a Checkpoint, and how long the pod may be held.')
      .usage('(pod/NAME | --all | -A) [options]')
      .argument('[pod...]')
      .option('--all', 'all pods of the namespace, as a table')
      .addOption(allNamespacesFlag())
      .option('-c, --container <name>', 'only this container; may be given more than once', collect)
      .option('--no-dry-run', 'only read, and create no Checkpoint')
      .addOption(stasisNamespaceFlag())
      .option('-o, --output <form>', `of the result: ${OUTPUTS.join('|')}`, 'text')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP);
    addClusterFlags(command).action((pods: readonly string[], raw: RawOptions) => {
      const checked = check(pods, raw);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check(pods: readonly string[], raw: RawOptions): Checked<Options> {
  const { allNamespaces = false, container: containers, dryRun: wanted } = raw;
  const all = raw.all === true || allNamespaces;
  if (all && pods.length > 0) return refuse('--all: name no pod with it');
  if (all && containers !== undefined) return refuse('--container: it is for one pod, and --all takes all of them');
  const podName = all ? undefined : checkPodName(pods);
  if (podName?.ok === false) return podName;
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const home = checkStasisNamespace(raw.stasisNamespace);
  if (!home.ok) return home;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  return {
    ok: true,
    value: {
      podName: podName?.value,
      allNamespaces,
      containers,
      dryRun: wanted,
      stasisNamespace: home.value,
      output: output.value,
      cluster: cluster.value,
    },
  };
}

async function run(surroundings: Surroundings, options: Options): Promise<number> {
  return await withCluster(surroundings, options.cluster, async (cluster) => {
    const examined = await examinePods(surroundings, cluster, options);
    if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
    return examined.ok
      ? await print(surroundings, examined.results, options)
      : await fail(surroundings, examined.message);
  });
}

async function print(surroundings: Surroundings, results: readonly PodResult[], options: Options): Promise<number> {
  const status = results.every((result) => verdictOf(result) === 'ok') ? OK : FAILED;
  const { output } = surroundings.terminal;
  if (options.output === 'json') return await printObject(surroundings, { pods: results.map(plain) }, 'json', status);
  if (options.podName === undefined) {
    if (results.length === 0)
      return await fail(surroundings, 'there are no pods; in another namespace: -n NAMESPACE, or in all: -A');
    return await printText(
      surroundings,
      renderPods(results, { ...output, allNamespaces: options.allNamespaces }),
      status,
    );
  }
  return await printText(surroundings, results.map((result) => renderPod(result, output)).join('\n'), status);
}

/** The result as data. */
function plain(result: PodResult): object {
  const { namespace, pod, node, findings, longestHold: seconds, dryRunPassed } = result;
  const hold = seconds === undefined ? {} : { longestHoldSeconds: seconds };
  return { namespace, pod, node, verdict: verdictOf(result), ...hold, dryRunPassed, findings };
}
