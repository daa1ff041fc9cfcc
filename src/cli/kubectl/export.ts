/** `kubectl stasis export`: brings the whole tree of a capture from its node into a file. */
import { join } from 'node:path';
import type { PodCapture } from '../../api/kinds.js';
import { refuse, type Checked } from '../option-values.js';
import { formatBytes, sumFile } from './artifact-request.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import { afterSignal, OK } from './exit-codes.js';
import { fetchArtifact } from './fetch-artifact.js';
import { loadCapture } from './load-capture.js';
import { checkCaptureName, type CaptureName } from './names.js';
import { printText } from './print.js';
import { checkStasisNamespace, stasisNamespaceFlag } from './stasis-namespace-flag.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { exists, UnfinishedFile } from './whole-file.js';
import { fail, withCluster } from './with-cluster.js';

interface RawOptions extends RawClusterFlags {
  readonly output?: string;
  readonly force?: true;
  readonly stasisNamespace?: string;
}

interface Options {
  readonly named: CaptureName;
  /** `-` is the standard output. */
  readonly folder: string;
  readonly force: boolean;
  readonly stasisNamespace: string | undefined;
  readonly cluster: ClusterFlags;
}

const HELP = `
The file is written under another name, compared with the size and the SHA-256
that the status of the capture and the agent tell, and only then named. With
\`-o -\` it is compared after it was printed: heed the exit status.

The command runs \`stasis artifact\` in the pod of the node's agent. That needs
pods/exec in the namespace of Stasis, which is for administrators.

Examples:
  Into evidence/web-0-x7k2p.json, and its digest beside it
    $ kubectl stasis export web-0-x7k2p -o evidence
    $ (cd evidence && sha256sum --check web-0-x7k2p.sha256)
  The number of processes, without a file
    $ kubectl stasis export web-0-x7k2p -o - | jq '.status.tree | length'`;

export const EXPORT: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('export')
      .summary('bring the whole tree of a capture from its node')
      .description('Brings the artifact of a capture, which has the whole tree, from its node into a file of JSON.')
      .usage('NAME -o DIR [options]')
      .argument('[name...]')
      .option('-o, --output <dir>', 'the folder to write into, or - for the standard output')
      .option('--force', 'replace files that are there')
      .addOption(stasisNamespaceFlag())
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

function check(names: readonly string[], raw: RawOptions): Checked<Options> {
  const named = checkCaptureName(names);
  if (!named.ok) return named;
  const { output: folder, force = false } = raw;
  if (folder === undefined || folder === '')
    return refuse('the folder is missing, as in: -o DIR; or -o - for the standard output');
  const home = checkStasisNamespace(raw.stasisNamespace);
  if (!home.ok) return home;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  return {
    ok: true,
    value: { named: named.value, folder, force, stasisNamespace: home.value, cluster: cluster.value },
  };
}

async function run(surroundings: Surroundings, options: Options): Promise<number> {
  return await withCluster(surroundings, options.cluster, async (cluster) => {
    const loaded = await loadCapture(cluster, options.named);
    if (!loaded.ok) return await fail(surroundings, loaded.message);
    const work = options.folder === '-' ? toOutput : toFolder;
    return await work(surroundings, cluster, options, loaded.stored);
  });
}

async function toOutput(
  surroundings: Surroundings,
  cluster: Cluster,
  { stasisNamespace }: Options,
  capture: PodCapture,
): Promise<number> {
  let printed = false;
  const write = async (bytes: Uint8Array): Promise<void> => {
    printed = true;
    const why = await surroundings.terminal.print(bytes);
    if (why !== undefined) throw new Error(`the standard output cannot be written: ${why}`);
  };
  const fetched = await fetchArtifact(surroundings, cluster, { capture, stasisNamespace, write });
  if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
  if (fetched.ok) return OK;
  return await fail(surroundings, `${fetched.message}${printed ? '; do not use what was printed' : ''}`);
}

async function toFolder(
  surroundings: Surroundings,
  cluster: Cluster,
  { named: { name }, folder, force, stasisNamespace }: Options,
  capture: PodCapture,
): Promise<number> {
  const names = [`${name}.json`, `${name}.sha256`] as const;
  const unfinished: UnfinishedFile[] = [];
  try {
    for (const each of names)
      if (!force && (await exists(join(folder, each))))
        return await fail(surroundings, `${join(folder, each)} is there already; to replace it: --force`);
    const tree = await UnfinishedFile.create(folder, names[0]);
    unfinished.push(tree);
    const write = async (bytes: Uint8Array): Promise<void> => await tree.write(bytes);
    const fetched = await fetchArtifact(surroundings, cluster, { capture, stasisNamespace, write });
    if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
    if (!fetched.ok) return await fail(surroundings, fetched.message);
    const sum = await UnfinishedFile.create(folder, names[1]);
    unfinished.push(sum);
    await sum.write(Buffer.from(sumFile(fetched.sha256, names[0])));
    await tree.keep();
    await sum.keep();
    await surroundings.terminal.say(`${formatBytes(fetched.sizeBytes)}, SHA-256 verified: ${fetched.sha256}`);
    return await printText(surroundings, `${join(folder, names[0])}\n`);
  } catch (error) {
    for (const file of unfinished) await file.undo();
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === undefined ? message : code;
    return await fail(surroundings, `nothing can be written into ${folder}: ${what}`);
  } finally {
    for (const file of unfinished) await file.drop();
  }
}
