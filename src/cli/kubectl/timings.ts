/** `kubectl stasis timings`: the phases of a pause as bars, or those of several captures side by side. */
import { checkChoice, refuse, type Checked } from '../option-values.js';
import { pauseWithoutHold } from '../sound-timings.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import { addColorFlag, checkColorFlag, withColor, type RawColorFlag, type When } from './color-flag.js';
import type { PluginCommand } from './command.js';
import { afterSignal, FAILED, OK } from './exit-codes.js';
import { loadTimings } from './load-timings.js';
import { showsBlocks } from './locale.js';
import { checkCaptureName, type CaptureName } from './names.js';
import { printObject, printText } from './print.js';
import { renderBars, renderComparison, type Measured } from './render-timings.js';
import type { Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['bars', 'json', 'yaml'] as const;
type Output = (typeof OUTPUTS)[number];

/** More columns than this fit on no terminal. */
const MOST = 50;

interface RawOptions extends RawClusterFlags, RawColorFlag {
  readonly output: string;
}

interface Options {
  readonly named: readonly CaptureName[];
  readonly output: Output;
  readonly color: When;
  readonly cluster: ClusterFlags;
}

const HELP = `
Each bar is to the scale of the pause without a hold; what took any time at all
has a thin mark at least. Without a UTF-8 locale the bars are made of #.

Examples:
  Where did the pause of this capture go?
    $ kubectl stasis timings web-0-x7k2p
  Several captures side by side
    $ kubectl stasis timings web-0-x7k2p web-0-m2c9q web-0-t4f8z
  For a script, in microseconds
    $ kubectl stasis timings web-0-x7k2p -o json | jq .pauseMicroseconds`;

export const TIMINGS: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('timings')
      .summary('show where the time of a pause went')
      .description('Shows the phases of a capture as bars; of several captures as a table.')
      .usage('NAME... [options]')
      .argument('[name...]')
      .option('-o, --output <form>', `of the result: ${OUTPUTS.join('|')}`, 'bars')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP);
    addColorFlag(command);
    addClusterFlags(command).action((names: readonly string[], raw: RawOptions) => {
      const checked = check(names, raw);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check(names: readonly string[], raw: RawOptions): Checked<Options> {
  const named: CaptureName[] = [];
  for (const name of names) {
    const one = checkCaptureName([name]);
    if (!one.ok) return one;
    named.push(one.value);
  }
  const missing = checkCaptureName([]);
  if (named.length === 0 && !missing.ok) return missing;
  if (named.length > MOST) return refuse(`${named.length} captures are too many to compare; give at most ${MOST}`);
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const color = checkColorFlag(raw);
  if (!color.ok) return color;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  return { ok: true, value: { named, output: output.value, color: color.value, cluster: cluster.value } };
}

/** Prints what can be read, and fails where something cannot. */
async function run(surroundings: Surroundings, { named, output, color, cluster: flags }: Options): Promise<number> {
  return await withCluster(surroundings, flags, async (cluster) => {
    const all: Measured[] = [];
    let status: number = OK;
    for (const one of named) {
      const loaded = await loadTimings(cluster, one, surroundings.signal);
      if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
      if (loaded.ok) all.push(loaded.measured);
      else status = await fail(surroundings, loaded.message);
    }
    const [first] = all;
    if (first === undefined) return FAILED;
    if (output !== 'bars') {
      const objects = all.map(printed);
      return await printObject(surroundings, named.length === 1 ? printed(first) : objects, output, status);
    }
    const options = withColor(surroundings.terminal.output, color);
    const text =
      named.length === 1
        ? renderBars(first, { ...options, blocks: showsBlocks(surroundings.environment) })
        : renderComparison(all, options);
    return await printText(surroundings, text, status);
  });
}

/** The object that is printed: the timings as they are in the status, and what belongs to them. */
function printed({ name, pod, node, reason, timings, maxPauseMicroseconds, overrunMicroseconds }: Measured): object {
  return {
    name,
    pod,
    node,
    reason,
    ...timings,
    pauseWithoutHoldMicroseconds: pauseWithoutHold(timings),
    ...(maxPauseMicroseconds === undefined ? {} : { maxPauseMicroseconds }),
    ...(overrunMicroseconds === undefined ? {} : { overrunMicroseconds }),
  };
}
