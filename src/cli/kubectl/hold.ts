/** `kubectl stasis hold`: holds a pod, or holds it while a command runs. */
import type { Checkpoint, CheckpointSpec } from '../../api/kinds.js';
import { PODS } from '../../pod/pod.js';
import { checkChoice, checkDuration, refuse, type Checked } from '../option-values.js';
import { addCheckpointOptions, checkCheckpointOptions, type RawCheckpointOptions } from './checkpoint-options.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import type { Wanted } from './create-checkpoint.js';
import { REASON_ANNOTATION } from './reason-annotation.js';
import { HOLD_HELP } from './hold-help.js';
import { probeFacts, probeLines } from './hold-probes.js';
import { HoldSignals } from './hold-signals.js';
import { heldText } from './hold-text.js';
import { checkPodName } from './names.js';
import { printLine, printObject, printText } from './print.js';
import { quietTerminal } from './quiet-terminal.js';
import { runUnderHold, statusOfUnstarted } from './run-under-hold.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { takeHold } from './take-hold.js';
import { withCluster } from './with-cluster.js';

const OUTPUTS = ['text', 'json', 'yaml', 'name'] as const;

/** The longest hold that the API accepts. */
const LONGEST = '1h';

interface RawOptions extends RawClusterFlags, RawCheckpointOptions {
  readonly for?: string;
  readonly reason?: string;
  readonly despiteProbes?: true;
  readonly quiet?: true;
  readonly output?: string;
}

interface Options {
  readonly wanted: Wanted;
  readonly output: (typeof OUTPUTS)[number];
  readonly command: readonly [string, ...string[]] | undefined;
  readonly quiet: boolean;
  readonly cluster: ClusterFlags;
}

export const HOLD: PluginCommand = {
  takesCommand: true,
  add: (program, choose, after) => {
    const command = program
      .command('hold')
      .summary('hold a pod still, alone or while a command runs')
      .description('Holds every task of a pod still for a bounded time, alone or while a command runs on this machine.')
      .usage('pod/NAME --for TIME [options] [-- COMMAND...]')
      .argument('[pod...]')
      .option('--for <time>', `how long at most, such as 10m; from 1s to ${LONGEST}`)
      .option('--reason <text>', 'why, in your own words, for those who look at the Checkpoint')
      .option('--despite-probes', "hold it even if the pod's own probes would restart a container");
    addCheckpointOptions(command)
      .option('-q, --quiet', 'with COMMAND: say nothing; the exit status tells')
      .option('-o, --output <form>', `of the result, without COMMAND: ${OUTPUTS.join('|')} (default: text)`)
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HOLD_HELP);
    addClusterFlags(command).action((pods: readonly string[], raw: RawOptions) => {
      const checked = check(pods, raw, after);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check(pods: readonly string[], raw: RawOptions, after: readonly string[] | undefined): Checked<Options> {
  const podName = checkPodName(pods);
  if (!podName.ok)
    return pods.length > 1 && after === undefined ? refuse(commandWithoutDashes(podName.message)) : podName;
  const hold = checkHold(raw);
  if (!hold.ok) return hold;
  const options = checkCheckpointOptions(raw);
  if (!options.ok) return options;
  const command = checkCommand(raw, after);
  if (!command.ok) return command;
  const output = checkChoice('--output', raw.output ?? 'text', OUTPUTS);
  if (!output.ok) return output;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  const { reason, quiet = false } = raw;
  const wanted = {
    ...options.value,
    ...(reason === undefined ? {} : { annotations: { [REASON_ANNOTATION]: reason } }),
    spec: { podName: podName.value, hold: hold.value, ...options.value.spec },
  };
  return {
    ok: true,
    value: { wanted, output: output.value, command: command.value, quiet, cluster: cluster.value },
  };
}

/** Words behind the pod are most likely a command whose `--` is missing. */
function commandWithoutDashes(message: string): string {
  return `${message}; a command to run while the pod is held comes after --, as in: kubectl stasis hold pod/web-0 --for 10m -- COMMAND`;
}

function checkHold(raw: RawOptions): Checked<NonNullable<CheckpointSpec['hold']>> {
  if (raw.for === undefined) return refuse('--for is missing: a hold needs a bound, as in: --for 10m');
  const time = checkDuration('--for', raw.for, { positive: true });
  if (!time.ok) return time;
  const seconds = time.value / 1_000_000;
  if (seconds > 3600) return refuse(`--for: no hold is longer than ${LONGEST} (3600s), the maximum of the API`);
  if (!Number.isInteger(seconds)) return refuse('--for: give whole seconds, such as 90s');
  return { ok: true, value: { seconds, ...(raw.despiteProbes === undefined ? {} : { despiteProbes: true }) } };
}

function checkCommand(raw: RawOptions, after: readonly string[] | undefined): Checked<Options['command']> {
  if (after === undefined)
    return raw.quiet === undefined ? { ok: true, value: undefined } : refuse('--quiet: there is no COMMAND after --');
  const [file, ...words] = after;
  if (file === undefined || file === '') return refuse('COMMAND is missing after --');
  if (raw.output !== undefined)
    return refuse('--output: the standard output belongs to COMMAND; leave --output out, or COMMAND');
  return { ok: true, value: [file, ...words] };
}

async function run(given: Surroundings, { wanted, output, command, quiet, cluster: flags }: Options): Promise<number> {
  const surroundings = quiet ? { ...given, terminal: quietTerminal(given.terminal) } : given;
  if (command !== undefined) {
    // Nobody's pod stands still for a word that was mistyped.
    const unstartable = await surroundings.programs.check(command[0]);
    if (unstartable !== undefined) {
      await surroundings.terminal.say(`error: ${unstartable.message}; the pod was not touched`);
      return statusOfUnstarted(unstartable);
    }
  }
  return await withCluster(surroundings, flags, async (cluster) => {
    surroundings.terminal.hurry();
    const signals = new HoldSignals(surroundings);
    try {
      const holding = { ...surroundings, signal: signals.signal, giveUp: signals.giveUp };
      const taken = await takeHold(holding, cluster, wanted);
      if (taken.kind === 'not-held') return taken.status;
      const { checkpoint } = taken;
      if (command !== undefined) return await runUnderHold(holding, cluster, { checkpoint, command, signals });
      signals.restore();
      return await print(surroundings, cluster, checkpoint, output);
    } finally {
      signals.restore();
    }
  });
}

async function print(
  surroundings: Surroundings,
  cluster: Cluster,
  checkpoint: Checkpoint,
  output: Options['output'],
): Promise<number> {
  switch (output) {
    case 'name':
      return await printLine(surroundings, `checkpoint.stasis.dev/${checkpoint.metadata.name}`);
    case 'json':
    case 'yaml':
      return await printObject(surroundings, checkpoint, output);
    case 'text': {
      const probes = await readProbes(surroundings, cluster, checkpoint);
      return await printText(surroundings, heldText(checkpoint, probes, surroundings.clock.wall()));
    }
    default:
      return output satisfies never;
  }
}

/** The pod is held already, so what cannot be read is left out. */
async function readProbes(
  { clock }: Surroundings,
  { api, namespace }: Cluster,
  { spec }: Checkpoint,
): Promise<readonly string[]> {
  const pod = await api.get(PODS, { namespace, name: spec.podName ?? '' });
  const seconds = spec.hold?.seconds ?? 0;
  if (pod.ok) return probeLines(probeFacts(pod.value, spec.containers, clock.wall()), seconds);
  const why = pod.error.code === 403 ? 'you may not read the pod' : 'the pod could not be read';
  return [`What its probes will do is not known: ${why}.`];
}
