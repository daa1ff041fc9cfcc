/** `kubectl stasis list`: the Checkpoints of a namespace, or of all, the newest last. */
import { Option } from 'commander';
import { checkChoice, checkOptionalInteger, refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';
import { byCreation, checkpointRow, type CheckpointRow } from './checkpoint-row.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import { addColorFlag, checkColorFlag, withColor, type RawColorFlag, type When } from './color-flag.js';
import type { PluginCommand } from './command.js';
import { afterSignal, OK } from './exit-codes.js';
import { checkPodName } from './names.js';
import { Newest } from './newest.js';
import { printPieces, printText } from './print.js';
import { withoutManagedFields } from './managed-fields.js';
import { readCheckpoints, type Selection } from './read-checkpoints.js';
import { renderList } from './render-list.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
type Output = (typeof OUTPUTS)[number];

interface RawOptions extends RawClusterFlags, RawColorFlag {
  readonly allNamespaces?: true;
  readonly pod?: string;
  readonly held?: true;
  readonly failed?: true;
  readonly selector?: string;
  readonly limit?: string;
  readonly output: string;
}

interface Options {
  readonly selection: Selection;
  readonly only?: 'held' | 'failed';
  readonly limit?: number;
  readonly output: Output;
  readonly color: When;
  readonly cluster: ClusterFlags;
}

const HELP = `
The order is that of the creation; within a second, that of namespace and name.
The columns are those of kubectl get checkpoints. A terminal that is too narrow
for them is shown fewer; -o wide has more of them: why somebody asked (the
annotation stasis.dev/reason), for how long the pod was held, and the message.

Examples:
  The Checkpoints of this namespace
    $ kubectl stasis list
  What stands still at this moment, in the whole cluster, and why?
    $ kubectl stasis list -A --held -o wide
  The last five of one pod that failed
    $ kubectl stasis list --pod web-0 --failed --limit 5
  For a script
    $ kubectl stasis list -l app=shop -o name`;

/** The flag of every command that looks at all namespaces. */
export function allNamespacesFlag(): Option {
  return new Option('-A, --all-namespaces', 'of every namespace, whatever --namespace says').helpGroup('Cluster:');
}

export const LIST: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('list')
      .summary('list Checkpoints, the newest last')
      .description('Lists the Checkpoints of a namespace, the newest last.')
      .usage('[options]')
      .argument('[operand...]')
      .option('--pod <name>', 'only those of this pod')
      .option('--held', 'only those whose pod stands still now')
      .option('--failed', 'only those that failed')
      .option('-l, --selector <labels>', 'only those with these labels, as in kubectl: app=shop,tier!=db')
      .option('--limit <number>', 'only so many, the newest')
      .option('-o, --output <form>', `of the list: ${OUTPUTS.join('|')}`, 'table')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP);
    addColorFlag(command).addOption(allNamespacesFlag());
    addClusterFlags(command).action((operands: readonly string[], raw: RawOptions) => {
      const checked = check(operands, raw);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check([operand]: readonly string[], raw: RawOptions): Checked<Options> {
  if (operand !== undefined)
    return refuse(`unexpected argument ${quoteValue(operand)}; to see one Checkpoint: kubectl stasis tree NAME`);
  if (raw.held === true && raw.failed === true)
    return refuse('--held, --failed: give one of them; what has failed is not held any more');
  const pod = raw.pod === undefined ? undefined : checkPodName([raw.pod]);
  if (pod?.ok === false) return refuse(`--pod: ${pod.message}`);
  const limit = checkOptionalInteger('--limit', raw.limit, 1, 1_000_000);
  if (!limit.ok) return limit;
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const color = checkColorFlag(raw);
  if (!color.ok) return color;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  const selection = {
    allNamespaces: raw.allNamespaces === true,
    ...(pod === undefined ? {} : { podName: pod.value }),
    ...(raw.selector === undefined ? {} : { labelSelector: raw.selector }),
  };
  const only = raw.held === true ? 'held' : 'failed';
  return {
    ok: true,
    value: {
      selection,
      ...(raw.held === true || raw.failed === true ? { only } : {}),
      ...(limit.value === undefined ? {} : { limit: limit.value }),
      output: output.value,
      color: color.value,
      cluster: cluster.value,
    },
  };
}

/** A Checkpoint of the result. `object` is its text as JSON, where the result has whole objects. */
interface Item {
  readonly row: CheckpointRow;
  readonly object?: string;
}

async function run(surroundings: Surroundings, options: Options): Promise<number> {
  return await withCluster(surroundings, options.cluster, async (cluster) => {
    const { selection, only, limit, output } = options;
    const whole = output === 'json' || output === 'yaml';
    let newest = new Newest<Item>(byAge, limit);
    const read = await readCheckpoints(surroundings, cluster, selection, {
      begin: () => void (newest = new Newest<Item>(byAge, limit)),
      take: (checkpoint) => {
        const row = checkpointRow(checkpoint);
        if (only === 'held' && !row.held) return;
        if (only === 'failed' && row.outcome !== 'failed') return;
        // Text takes less memory than the objects, of which a cluster may have thousands.
        newest.add(whole ? { row, object: JSON.stringify(withoutManagedFields(checkpoint)) } : { row });
      },
    });
    if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
    if (!read.ok) return await fail(surroundings, read.message);
    return await print(surroundings, cluster, newest.sorted(), options);
  });
}

function byAge({ row: one }: Item, { row: other }: Item): number {
  return byCreation(one, other);
}

async function print(
  surroundings: Surroundings,
  { namespace }: Cluster,
  items: readonly Item[],
  { output, color, selection, only }: Options,
): Promise<number> {
  const { terminal, clock } = surroundings;
  switch (output) {
    case 'json':
    case 'yaml': {
      const { listPieces } = await import('./list-pieces.js');
      return await printPieces(
        surroundings,
        listPieces(
          items.map(({ object = '{}' }) => object),
          output,
        ),
      );
    }
    case 'name':
      return await printText(
        surroundings,
        items.map(({ row }) => `checkpoint.stasis.dev/${JSON.stringify(row.name).slice(1, -1)}\n`).join(''),
      );
    case 'table':
    case 'wide': {
      if (items.length === 0) {
        await terminal.say(nothing(namespace, selection, only));
        return OK;
      }
      const view = { allNamespaces: selection.allNamespaces, wide: output === 'wide', now: clock.wall() };
      const rows = items.map(({ row }) => row);
      return await printText(surroundings, renderList(rows, view, withColor(terminal.output, color)));
    }
    default:
      return output satisfies never;
  }
}

/** Says that there is nothing, and what to do about it. */
function nothing(
  namespace: string,
  { allNamespaces, podName, labelSelector }: Selection,
  only: 'held' | 'failed' | undefined,
): string {
  const where = allNamespaces ? 'in any namespace' : `in namespace ${quoteValue(namespace)}`;
  const selected = podName !== undefined || labelSelector !== undefined || only !== undefined;
  const scope = allNamespaces ? ' -A' : ` -n ${namespace}`;
  if (podName !== undefined && only === undefined && labelSelector === undefined)
    return `No Checkpoints of pod ${quoteValue(podName)} found ${where}; make one: kubectl stasis checkpoint pod/${podName}${allNamespaces ? ' -n NAMESPACE' : scope}`;
  if (selected) return `No such Checkpoints found ${where}; all of them: kubectl stasis list${scope}`;
  return `No Checkpoints found ${where}; make one: kubectl stasis checkpoint pod/NAME${allNamespaces ? ' -n NAMESPACE' : ''}`;
}
