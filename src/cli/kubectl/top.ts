/** `kubectl stasis top`: the slowest pauses, and the figures by pod, node or namespace. */
import { checkChoice, checkInteger, refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';
import { checkpointRow } from './checkpoint-row.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import { addColorFlag, checkColorFlag, withColor, type RawColorFlag, type When } from './color-flag.js';
import type { PluginCommand } from './command.js';
import { afterSignal, OK } from './exit-codes.js';
import { allNamespacesFlag } from './list.js';
import { checkLookback } from './lookback.js';
import { Newest } from './newest.js';
import { bySpeed, groupPauses, GROUPINGS, pauseOf, type Pause } from './pause-statistics.js';
import { printObject, printText } from './print.js';
import { readCheckpoints } from './read-checkpoints.js';
import { groupObject, pauseObject, renderGroups, renderSlowest } from './render-top.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['table', 'json', 'yaml'] as const;

const BY = ['checkpoint', ...GROUPINGS] as const;

interface RawOptions extends RawClusterFlags, RawColorFlag {
  readonly allNamespaces?: true;
  readonly by: string;
  readonly limit: string;
  readonly since?: string;
  readonly output: string;
}

interface Options {
  readonly allNamespaces: boolean;
  readonly by: (typeof BY)[number];
  readonly limit: number;
  /** In milliseconds. */
  readonly since?: number;
  readonly output: (typeof OUTPUTS)[number];
  readonly color: When;
  readonly cluster: ClusterFlags;
}

const HELP = `
PAUSE is what the pod felt: from the first touch until its last task was let go,
without the time of a hold. Checkpoints that have been deleted are not counted;
the controller's metrics have them. A group counts every Checkpoint that ended;
its figures are of those that paused their pod, also where they failed.

Examples:
  The ten slowest pauses of this namespace
    $ kubectl stasis top
  Which nodes are slow?
    $ kubectl stasis top -A --by node
  Which pods were slow in the last hour?
    $ kubectl stasis top -A --by pod --since 1h
  For a script, in microseconds
    $ kubectl stasis top -A --by node -o json | jq '.[0].p99Microseconds'`;

export const TOP: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('top')
      .summary('show the slowest pauses')
      .description('Shows the slowest pauses, or the figures by pod, node or namespace.')
      .usage('[options]')
      .argument('[operand...]')
      .option('--by <what>', `what a line is: ${BY.join('|')}`, 'checkpoint')
      .option('--limit <number>', 'of the lines', '10')
      .option('--since <time>', 'only what ended within this time, such as 1h or 7d')
      .option('-o, --output <form>', `of the result: ${OUTPUTS.join('|')}`, 'table')
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
    return refuse(`unexpected argument ${quoteValue(operand)}; for the phases of one: kubectl stasis timings NAME`);
  const by = checkChoice('--by', raw.by, BY);
  if (!by.ok) return by;
  const limit = checkInteger('--limit', raw.limit, 1, 100_000);
  if (!limit.ok) return limit;
  const since = raw.since === undefined ? undefined : checkLookback('--since', raw.since);
  if (since?.ok === false) return since;
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const color = checkColorFlag(raw);
  if (!color.ok) return color;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  return {
    ok: true,
    value: {
      allNamespaces: raw.allNamespaces === true,
      by: by.value,
      limit: limit.value,
      ...(since === undefined ? {} : { since: since.value }),
      output: output.value,
      color: color.value,
      cluster: cluster.value,
    },
  };
}

async function run(surroundings: Surroundings, options: Options): Promise<number> {
  return await withCluster(surroundings, options.cluster, async (cluster) => {
    const { allNamespaces, since, by, limit } = options;
    const now = surroundings.clock.wall();
    const from = since === undefined ? Number.NEGATIVE_INFINITY : now - since;
    // The list of Checkpoints keeps only the slowest. Groups need all of them, and each takes some 200 bytes.
    const fresh = (): Newest<Pause> => new Newest(bySpeed, by === 'checkpoint' ? limit : undefined);
    let slowest = fresh();
    const read = await readCheckpoints(
      surroundings,
      cluster,
      { allNamespaces },
      {
        begin: () => void (slowest = fresh()),
        take: (checkpoint) => {
          const pause = pauseOf(checkpointRow(checkpoint));
          const wanted = pause !== undefined && (by !== 'checkpoint' || pause.pause > 0);
          if (wanted && (since === undefined || pause.ended >= from)) slowest.add(pause);
        },
      },
    );
    if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
    if (!read.ok) return await fail(surroundings, read.message);
    return await print(surroundings, cluster, slowest, now, options);
  });
}

async function print(
  surroundings: Surroundings,
  { namespace }: Cluster,
  slowest: Newest<Pause>,
  now: number,
  { allNamespaces, by, limit, since, output: form, color }: Options,
): Promise<number> {
  const { terminal } = surroundings;
  const output = withColor(terminal.output, color);
  const pauses = by === 'checkpoint' ? slowest.sorted().toReversed() : [];
  const groups = by === 'checkpoint' ? [] : groupPauses(slowest.sorted(), by);
  if (form !== 'table') {
    const objects =
      by === 'checkpoint' ? pauses.map(pauseObject) : groups.slice(0, limit).map((group) => groupObject(group, by));
    return await printObject(surroundings, objects, form);
  }
  if (slowest.count === 0) {
    const where = allNamespaces ? 'in any namespace' : `in namespace ${quoteValue(namespace)}`;
    const what = by === 'checkpoint' ? 'No Checkpoint has paused a pod' : 'No Checkpoint has ended';
    const next = since === undefined ? `kubectl stasis list${allNamespaces ? ' -A' : ''}` : 'leave --since out';
    await terminal.say(`${what} ${where}${since === undefined ? '; to see them all:' : ' within this time;'} ${next}`);
    return OK;
  }
  const count = by === 'checkpoint' ? slowest.count : groups.length;
  const text =
    by === 'checkpoint'
      ? renderSlowest(pauses, { allNamespaces, now }, output)
      : renderGroups(groups.slice(0, limit), by, output);
  const status = await printText(surroundings, text);
  if (count > limit) await terminal.say(`${limit} of ${count} are shown; for more: --limit ${count}`);
  return status;
}
