/** `kubectl stasis release`: lets held pods go. */
import { hasEnded } from '../../api/conditions.js';
import { CHECKPOINTS, type Checkpoint } from '../../api/kinds.js';
import { refuse, type Checked } from '../option-values.js';
import { awaitCheckpoint } from './await-checkpoint.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import { CHECKPOINT_RESOURCE } from './create-checkpoint.js';
import { afterSignal, FAILED, OK } from './exit-codes.js';
import { doubtOf, isOver } from './hold-state.js';
import { letGoLine } from './hold-text.js';
import { limited } from './limited.js';
import { checkCheckpointName } from './names.js';
import { printLine } from './print.js';
import { describeRefusal } from './refusal.js';
import { ownEnd, releaseHold } from './release-hold.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

interface RawOptions extends RawClusterFlags {
  readonly all?: true;
  readonly wait: boolean;
}

interface Options {
  /** Undefined: all of the namespace. */
  readonly names: readonly string[] | undefined;
  readonly wait: boolean;
  readonly cluster: ClusterFlags;
}

const HELP = `
It waits until the pods run again, and says for how long they were held. A hold
that is over already is no failure. A release is never taken back.

Examples:
  Let a pod go
    $ kubectl stasis release web-0-x7k2p
  Let go what the namespace shop holds, and what waits there to be held
    $ kubectl stasis release --all -n shop`;

export const RELEASE: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('release')
      .summary('let held pods go')
      .description('Ends the holds of Checkpoints before their time.')
      .usage('NAME... [options]')
      .argument('[name...]')
      .option('--all', 'every hold of the namespace that is not over')
      .option('--no-wait', 'return when the release is accepted')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP);
    addClusterFlags(command).action((names: readonly string[], raw: RawOptions) => {
      const checked = check(names, raw);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check(words: readonly string[], raw: RawOptions): Checked<Options> {
  const names: string[] = [];
  for (const word of words) {
    const name = checkCheckpointName([word]);
    if (!name.ok) return name;
    if (!names.includes(name.value)) names.push(name.value);
  }
  if (raw.all === true && names.length > 0) return refuse('--all: leave the names out');
  if (raw.all !== true && names.length === 0)
    return refuse('the name of a Checkpoint is missing; to see what is held: kubectl stasis list, or give --all');
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  return {
    ok: true,
    value: { names: raw.all === true ? undefined : names, wait: raw.wait, cluster: cluster.value },
  };
}

/** A release that has to be tried again keeps no other from being sent. */
const AT_ONCE = 16;

async function run(surroundings: Surroundings, { names, wait, cluster: flags }: Options): Promise<number> {
  return await withCluster(surroundings, flags, async (cluster) => {
    const found = names === undefined ? await findAll(cluster) : await findNamed(surroundings, cluster, names);
    if (!found.ok) return await fail(surroundings, found.message);
    // Every release is sent before the first one is waited for: a pod should not stand still for another.
    const released: Checkpoint[] = [];
    let status = found.value.length < (names?.length ?? 0) ? FAILED : OK;
    const answers = await limited(
      found.value,
      AT_ONCE,
      async (checkpoint) => await releaseOne(surroundings, cluster, checkpoint),
    );
    for (const answer of answers) {
      if (answer === undefined) status = FAILED;
      else if (answer !== 'over') released.push(answer);
    }
    const { signal } = surroundings;
    if (signal.aborted && released.length === 0) return afterSignal(String(signal.reason));
    if (names === undefined && found.value.length === 0)
      return await printLine(surroundings, `Nothing is held in namespace ${cluster.namespace}.`);
    for (const checkpoint of released) {
      const one = wait
        ? await awaitRelease(surroundings, cluster, checkpoint)
        : await printLine(surroundings, `Checkpoint ${checkpoint.metadata.name} is released.`);
      if (signal.aborted) return one;
      if (one !== OK) status = one;
    }
    return status;
  });
}

type Found = Checked<readonly Checkpoint[]>;

/** Names that cannot be read are told at once; the others are released all the same. */
async function findNamed(surroundings: Surroundings, cluster: Cluster, names: readonly string[]): Promise<Found> {
  const { api, namespace, serverName } = cluster;
  const found: Checkpoint[] = [];
  for (const name of names) {
    const answer = await api.get(CHECKPOINTS, { namespace, name, signal: surroundings.signal });
    if (answer.ok) found.push(answer.value);
    else {
      const attempt = { verb: 'get', resource: CHECKPOINT_RESOURCE, namespace, name, serverName } as const;
      await fail(surroundings, describeRefusal(answer.error, attempt));
    }
  }
  return { ok: true, value: found };
}

/** A namespace may have thousands of Checkpoints. */
const PAGE = 500;

async function findAll({ api, namespace, serverName }: Cluster): Promise<Found> {
  const found: Checkpoint[] = [];
  let next: string | undefined;
  do {
    const page = await api.list(CHECKPOINTS, {
      namespace,
      limit: PAGE,
      ...(next === undefined ? {} : { continue: next }),
    });
    if (!page.ok) {
      const attempt = { verb: 'list', resource: CHECKPOINT_RESOURCE, namespace, serverName } as const;
      return refuse(describeRefusal(page.error, attempt));
    }
    found.push(...page.value.items.filter((one) => one.spec.hold !== undefined && !isOver(one)));
    next = page.value.metadata.continue;
  } while (next !== undefined && next !== '');
  return { ok: true, value: found };
}

/** Returns `over` where there is nothing to wait for, and undefined after a failure, which was told. */
async function releaseOne(
  surroundings: Surroundings,
  cluster: Cluster,
  checkpoint: Checkpoint,
): Promise<Checkpoint | 'over' | undefined> {
  const { name } = checkpoint.metadata;
  if (checkpoint.spec.hold === undefined || checkpoint.spec.dryRun === true) {
    await fail(
      surroundings,
      `Checkpoint ${name} holds nothing: it has no spec.hold, and its pod runs again once it was read`,
    );
    return undefined;
  }
  if (isOver(checkpoint))
    return (await tellEnd(surroundings, checkpoint, ' is over already')) === OK ? 'over' : undefined;
  const { clock, terminal, signal } = surroundings;
  const released = await releaseHold(surroundings, cluster, {
    checkpoint,
    deadline: ownEnd(checkpoint, clock.monotonic()),
    giveUp: signal,
    onTrouble: async (message) =>
      await terminal.say(`Checkpoint ${name} cannot be released yet: ${message}; tries again until its hold is over`),
  });
  switch (released.kind) {
    case 'accepted':
      return released.checkpoint;
    case 'gone':
      await printLine(surroundings, `Checkpoint ${name} was deleted meanwhile; its pod is let go.`);
      return 'over';
    case 'refused':
    case 'given-up':
    case 'unsent':
      await fail(
        surroundings,
        signal.aborted ? `interrupted before Checkpoint ${name} was released` : released.message,
      );
      return undefined;
    default:
      return released satisfies never;
  }
}

/** Prints what became of the pod. That it may still stand still, or that nobody knows, is a failure. */
async function tellEnd(surroundings: Surroundings, checkpoint: Checkpoint, state = ''): Promise<number> {
  const line = `Checkpoint ${checkpoint.metadata.name}${state}: ${letGoLine(checkpoint)}`;
  return doubtOf(checkpoint) === undefined ? await printLine(surroundings, `${line}.`) : await fail(surroundings, line);
}

/** The report of the end says whether the pod runs. A hold that never began may have to wait long for its end. */
function isTold(checkpoint: Checkpoint): boolean {
  return isOver(checkpoint) && (hasEnded(checkpoint.status) || checkpoint.status?.heldFrom === undefined);
}

async function awaitRelease(surroundings: Surroundings, cluster: Cluster, checkpoint: Checkpoint): Promise<number> {
  const { signal } = surroundings;
  const { name } = checkpoint.metadata;
  const awaited = await awaitCheckpoint(surroundings, cluster, { checkpoint, until: isTold, signal });
  switch (awaited.kind) {
    case 'reached':
      return await tellEnd(surroundings, awaited.checkpoint);
    case 'gone':
      return await printLine(surroundings, `Checkpoint ${name} was deleted meanwhile; its pod is let go.`);
    case 'lost':
      return await fail(surroundings, `${awaited.message}; the release of Checkpoint ${name} was accepted before`);
    case 'interrupted':
      await surroundings.terminal.say(
        `the release of Checkpoint ${name} was accepted; what follows was not waited for`,
      );
      return afterSignal(String(signal.reason));
    default:
      return awaited satisfies never;
  }
}
