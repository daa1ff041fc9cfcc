/** `kubectl stasis tree`: prints the process tree of a capture. */
import type { PodCapture } from '../../api/podcapture.js';
import { checkChoice, checkOptionalInteger, refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';
import { countMatches } from '../render-processes.js';
import { renderTree } from '../render-tree.js';
import type { TreeView } from '../tree-selection.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import { addColorFlag, checkColorFlag, withColor, type RawColorFlag, type When } from './color-flag.js';
import type { PluginCommand } from './command.js';
import { OK } from './exit-codes.js';
import { loadCapture } from './load-capture.js';
import { checkCaptureName, type CaptureName } from './names.js';
import { printObject, printText } from './print.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['tree', 'json', 'yaml'] as const;

interface RawOptions extends RawClusterFlags, RawColorFlag {
  readonly depth?: string;
  readonly filter?: string;
  readonly threads?: true;
  readonly output: string;
}

interface Options {
  readonly named: CaptureName;
  readonly output: (typeof OUTPUTS)[number];
  readonly view: TreeView;
  readonly color: When;
  readonly cluster: ClusterFlags;
}

const HELP = `
A filter looks in the name, the executable and the command line of each process,
in upper and lower case; a number is also a PID or a UID. The ancestors of what
it finds are shown in parentheses. The cluster keeps at most 100 processes of
each capture: where the pod had more, the last lines say how to get them all.

Examples:
  What a Checkpoint found
    $ kubectl stasis tree web-0-x7k2p
  Only the processes of one program, with each of their threads
    $ kubectl stasis tree web-0-x7k2p --filter nginx --threads
  The first two levels
    $ kubectl stasis tree web-0-x7k2p --depth 2
  The same as an object, with every field
    $ kubectl stasis tree web-0-x7k2p -o yaml`;

export const TREE: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('tree')
      .summary('print the process tree that a Checkpoint found')
      .description('Prints the process tree of a Checkpoint, or of a PodCapture (podcapture/NAME).')
      .usage('NAME [options]')
      .argument('[name...]')
      .option('--depth <levels>', 'only so many levels; says how many processes are below')
      .option('--filter <text>', 'only processes with this text, and their ancestors')
      .option('--threads', 'a line for each thread, with what differs from its process')
      .option('-o, --output <form>', `of the result: ${OUTPUTS.join('|')}`, 'tree')
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
  const named = checkCaptureName(names);
  if (!named.ok) return named;
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const view = checkView(raw);
  if (!view.ok) return view;
  if (output.value !== 'tree' && Object.keys(view.value).length > 0)
    return refuse(`--depth, --filter, --threads: these are for -o tree; -o ${output.value} has every field`);
  const color = checkColorFlag(raw);
  if (!color.ok) return color;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  return {
    ok: true,
    value: {
      named: named.value,
      output: output.value,
      view: view.value,
      color: color.value,
      cluster: cluster.value,
    },
  };
}

/** The last level that any tree has is far above this. */
const DEEPEST = 100_000;

function checkView({ depth, filter, threads }: RawOptions): Checked<TreeView> {
  const levels = checkOptionalInteger('--depth', depth, 1, DEEPEST);
  if (!levels.ok) return levels;
  if (filter === '') return refuse('--filter: the text is empty, so that every process has it');
  return {
    ok: true,
    value: {
      ...(levels.value === undefined ? {} : { depth: levels.value }),
      ...(filter === undefined ? {} : { filter }),
      ...(threads === undefined ? {} : { threads }),
    },
  };
}

async function run(surroundings: Surroundings, options: Options): Promise<number> {
  return await withCluster(surroundings, options.cluster, async (cluster) => {
    const { named, output, view, color } = options;
    const loaded = await loadCapture(cluster, named);
    if (!loaded.ok) return await fail(surroundings, loaded.message);
    if (output !== 'tree') return await printObject(surroundings, loaded.stored, output);
    const { capture } = loaded;
    const whole = exportOf(cluster, named);
    const { filter } = view;
    if (filter !== undefined && countMatches(capture.status, filter) === 0) {
      await surroundings.terminal.say(noMatch(capture, filter, whole));
      return OK;
    }
    const text = renderTree(capture, withColor(surroundings.terminal.output, color), { ...view, whole });
    return await printText(surroundings, text);
  });
}

/** The command that gets the whole tree. */
function exportOf({ namespace }: Cluster, { kind, name }: CaptureName): string {
  return `kubectl stasis export ${kind === 'checkpoint' ? '' : `${kind}/`}${name} -n ${namespace} -o DIR`;
}

function noMatch({ status }: PodCapture, filter: string, whole: string): string {
  const { tree, processes, truncated } = status;
  const searched = `No process matches ${quoteValue(filter)}`;
  if (truncated === true && tree.length < processes)
    return `${searched} among the ${tree.length} of ${processes} that the status has; to get them all: ${whole}`;
  return tree.length === 0 ? `${searched}: the capture has no process` : `${searched} among ${tree.length}`;
}
