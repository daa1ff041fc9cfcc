/** `kubectl stasis checkpoint`: creates a Checkpoint, follows it, and prints what it found. */
import { findCondition } from '../../api/conditions.js';
import type { Checkpoint } from '../../api/kinds.js';
import { checkChoice, type Checked } from '../option-values.js';
import { renderTree } from '../render-tree.js';
import { awaitCheckpoint, type Awaited } from './await-checkpoint.js';
import { addCheckpointOptions, checkCheckpointOptions, type RawCheckpointOptions } from './checkpoint-options.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import { createCheckpoint, notCreated, type Wanted } from './create-checkpoint.js';
import { afterSignal, FAILED, OK } from './exit-codes.js';
import { captureOf } from './load-capture.js';
import { checkPodName } from './names.js';
import { nextStep } from './next-step.js';
import { printObject, printText } from './print.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['tree', 'json', 'yaml', 'name'] as const;
type Output = (typeof OUTPUTS)[number];

interface RawOptions extends RawClusterFlags, RawCheckpointOptions {
  readonly dryRun?: true;
  readonly output: string;
}

interface Options {
  readonly wanted: Wanted;
  readonly output: Output;
  readonly cluster: ClusterFlags;
}

const HELP = `
The progress goes to the standard error, the result to the standard output. The
exit status is 0 when the capture succeeded, 1 when it failed or was refused,
and 2 when the command line is wrong. Ctrl-C ends the command, and not the
Checkpoint.

Examples:
  Look at every process of a pod, and see how long that paused it
    $ kubectl stasis checkpoint pod/web-0
  What would stand in the way? Touches nothing.
    $ kubectl stasis checkpoint pod/web-0 --dry-run
  Roll the capture back if it would pause the pod for longer than 20 ms
    $ kubectl stasis checkpoint pod/web-0 --max-pause 20ms
  For a script
    $ kubectl stasis checkpoint pod/web-0 -o json | jq .status.pods[0].timings`;

export const CHECKPOINT: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('checkpoint')
      .summary('look at every process of a pod, and measure the pause')
      .description('Creates a Checkpoint of a pod, follows it, and prints the process tree that it found.')
      .usage('pod/NAME [options]')
      .argument('[pod...]')
      .option('--dry-run', 'only look for what would stand in the way, and touch nothing');
    addCheckpointOptions(command)
      .option('-o, --output <form>', `of the result: ${OUTPUTS.join('|')}`, 'tree')
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
  const podName = checkPodName(pods);
  if (!podName.ok) return podName;
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const options = checkCheckpointOptions(raw);
  if (!options.ok) return options;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  const dryRun = raw.dryRun === undefined ? {} : { dryRun: true };
  const wanted = { ...options.value, spec: { podName: podName.value, ...options.value.spec, ...dryRun } };
  return { ok: true, value: { wanted, output: output.value, cluster: cluster.value } };
}

async function run(surroundings: Surroundings, { wanted, output, cluster: flags }: Options): Promise<number> {
  return await withCluster(surroundings, flags, async (cluster) => {
    const created = await createCheckpoint(surroundings, cluster, wanted);
    if (!created.ok) return await notCreated(surroundings, created.message);
    const { checkpoint } = created;
    const awaited = await awaitCheckpoint(surroundings, cluster, {
      checkpoint,
      until: ({ status }) => findCondition(status?.conditions, 'Finished')?.status === 'True',
      signal: surroundings.signal,
    });
    if (awaited.kind !== 'reached') return await unfinished(surroundings, cluster, checkpoint, awaited);
    return await report(surroundings, cluster, awaited.checkpoint, output);
  });
}

async function unfinished(
  surroundings: Surroundings,
  { namespace }: Cluster,
  { metadata: { name } }: Checkpoint,
  awaited: Exclude<Awaited, { kind: 'reached' }>,
): Promise<number> {
  const look = `kubectl stasis tree ${name} -n ${namespace}`;
  switch (awaited.kind) {
    case 'gone':
      return await fail(surroundings, `Checkpoint ${name} was deleted before it had ended; the pod is let go`);
    case 'lost':
      return await fail(surroundings, `${awaited.message}; Checkpoint ${name} goes on, and to see it later: ${look}`);
    case 'interrupted':
      await surroundings.terminal.say(`Checkpoint ${name} goes on; to see it: ${look}`);
      return afterSignal(String(surroundings.signal.reason));
    default:
      return awaited satisfies never;
  }
}

/** Prints the ended Checkpoint, and its failure on the standard error. */
async function report(
  surroundings: Surroundings,
  cluster: Cluster,
  checkpoint: Checkpoint,
  output: Output,
): Promise<number> {
  const succeeded = findCondition(checkpoint.status?.conditions, 'Succeeded');
  const status = succeeded?.status === 'True' ? OK : FAILED;
  const printed = await print(surroundings, cluster, checkpoint, output, status);
  if (status === FAILED)
    await surroundings.terminal.say(
      `error: ${succeeded?.reason}: ${succeeded?.message}; see: ${nextStep(succeeded?.reason ?? '', checkpoint)}`,
    );
  return printed;
}

async function print(
  surroundings: Surroundings,
  cluster: Cluster,
  checkpoint: Checkpoint,
  output: Output,
  status: number,
): Promise<number> {
  switch (output) {
    case 'name':
      return await printText(surroundings, `checkpoint.stasis.dev/${checkpoint.metadata.name}\n`, status);
    case 'json':
    case 'yaml':
      return await printObject(surroundings, checkpoint, output, status);
    case 'tree': {
      if (checkpoint.status?.pods?.[0]?.captureName === undefined) return status;
      const loaded = await captureOf(cluster, checkpoint);
      if (loaded.ok)
        return await printText(surroundings, renderTree(loaded.capture, surroundings.terminal.output), status);
      await surroundings.terminal.say(`the tree cannot be shown: ${loaded.message}`);
      return status;
    }
    default:
      return output satisfies never;
  }
}
