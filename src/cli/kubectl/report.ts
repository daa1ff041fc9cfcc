/** `kubectl stasis report`: makes one page of HTML of a capture. */
import { basename, dirname, join } from 'node:path';
import type { PodCapture as StoredCapture } from '../../api/kinds.js';
import type { ReportInput } from '../report/report.js';
import { refuse, type Checked } from '../option-values.js';
import { withArtifact } from './artifact-capture.js';
import { formatBytes } from './artifact-request.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import { afterSignal } from './exit-codes.js';
import { fetchArtifact } from './fetch-artifact.js';
import { loadCapture } from './load-capture.js';
import { checkCaptureName, type CaptureName } from './names.js';
import { printText } from './print.js';
import { checkStasisNamespace, stasisNamespaceFlag } from './stasis-namespace-flag.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { exists, UnfinishedFile } from './whole-file.js';
import { fail, withCluster } from './with-cluster.js';

/** A larger artifact is left where it is: a page of it would stop a browser. */
const LONGEST_ARTIFACT_BYTES = 64 << 20;

interface RawOptions extends RawClusterFlags {
  readonly output?: string;
  readonly force?: true;
  /** commander sets this to true, and `--no-artifact` sets it to false. */
  readonly artifact: boolean;
  readonly stasisNamespace?: string;
}

interface Options {
  readonly named: CaptureName;
  /** Undefined: the standard output. */
  readonly file: string | undefined;
  readonly force: boolean;
  readonly artifact: boolean;
  readonly stasisNamespace: string | undefined;
  readonly cluster: ClusterFlags;
}

const HELP = `
The page needs nothing else: no network, and no file beside it. A PodCapture has
at most 100 processes. Where its tree is cut, the whole tree is brought from the
node, which needs pods/exec in the namespace of Stasis. Without that right, the
page says that the tree is cut.

Examples:
  A page to open, to send, or to keep with an incident
    $ kubectl stasis report web-0-x7k2p > web-0.html
  What the PodCapture itself has, and nothing from the node
    $ kubectl stasis report web-0-x7k2p --no-artifact -o web-0.html`;

export const REPORT: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('report')
      .summary('make a page of HTML of a capture')
      .description(
        'Makes one page of HTML of what a Checkpoint found: phases, processes, credentials, and what is unusual.',
      )
      .usage('NAME [options] > FILE')
      .argument('[name...]')
      .option('-o, --output <file>', 'the file to write (default: the standard output)')
      .option('--force', 'replace a file that is there')
      .option('--no-artifact', 'do not bring the whole tree from the node')
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
  const { output, force = false, artifact } = raw;
  if (output === '' || output?.endsWith('/') === true) return refuse('--output: give the name of a file');
  const home = checkStasisNamespace(raw.stasisNamespace);
  if (!home.ok) return home;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  const file = output === '-' ? undefined : output;
  return {
    ok: true,
    value: { named: named.value, file, force, artifact, stasisNamespace: home.value, cluster: cluster.value },
  };
}

async function run(surroundings: Surroundings, options: Options): Promise<number> {
  const { file, force, named } = options;
  // Only a terminal has a width.
  if (file === undefined && surroundings.terminal.output.width !== undefined)
    return await fail(
      surroundings,
      `a page of HTML is not for a terminal; write it to a file: kubectl stasis report ${named.name} -o ${named.name}.html`,
    );
  if (file !== undefined && !force && (await exists(file).catch(() => false)))
    return await fail(surroundings, `${file} is there already; to replace it: --force`);
  return await withCluster(surroundings, options.cluster, async (cluster) => {
    const loaded = await loadCapture(cluster, named);
    if (!loaded.ok) return await fail(surroundings, loaded.message);
    const { capture, stored, checkpoint } = loaded;
    const whole = await wholeTree(surroundings, cluster, stored, options);
    if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
    if (whole.note !== undefined) await surroundings.terminal.say(`note: ${whole.note}`);
    const { renderReport } = await import('../report/report.js');
    const html = renderReport({
      capture: whole.capture ?? capture,
      ...(checkpoint === undefined ? {} : { checkpoint }),
      wholeTree: whole.note === undefined,
      version: surroundings.version,
      ...(whole.note === undefined ? {} : { note: whole.note }),
    });
    return file === undefined ? await printText(surroundings, html) : await writeFile(surroundings, file, html);
  });
}

interface Whole {
  /** With the whole tree; undefined where that of the PodCapture is all there is. */
  readonly capture?: ReportInput['capture'];
  /** Why the tree is cut. */
  readonly note?: string;
}

async function wholeTree(
  surroundings: Surroundings,
  cluster: Cluster,
  capture: StoredCapture,
  { artifact: wanted, stasisNamespace }: Options,
): Promise<Whole> {
  const { truncated, artifact, processes, tree = [] } = capture.status ?? {};
  if (truncated !== true) return {};
  const cut = `The tree is cut: it has ${tree.length} of ${processes ?? 'more'} processes, or not all of their threads.`;
  if (!wanted) return { note: `${cut} The artifact on node ${capture.spec.nodeName} has all of them.` };
  const size = artifact?.sizeBytes ?? 0;
  if (size > LONGEST_ARTIFACT_BYTES)
    return {
      note: `${cut} The artifact has ${formatBytes(size)}, which is too much for a page; kubectl stasis export brings it.`,
    };
  const parts: Uint8Array[] = [];
  const write = async (bytes: Uint8Array): Promise<void> => {
    parts.push(Uint8Array.from(bytes));
    await Promise.resolve();
  };
  const fetched = await fetchArtifact(surroundings, cluster, { capture, stasisNamespace, write });
  if (!fetched.ok) return { note: `${cut} The whole tree could not be had: ${fetched.message}.` };
  const whole = withArtifact(capture, Buffer.concat(parts).toString('utf8'));
  return whole === undefined
    ? { note: `${cut} The artifact is in a form that this plugin does not know.` }
    : { capture: whole };
}

async function writeFile(surroundings: Surroundings, path: string, html: string): Promise<number> {
  let file: UnfinishedFile | undefined;
  try {
    file = await UnfinishedFile.create(dirname(path), basename(path));
    await file.write(Buffer.from(html));
    await file.keep();
    return await printText(surroundings, `${join(path)}\n`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return await fail(surroundings, `${path} cannot be written: ${code ?? message}`);
  } finally {
    await file?.drop();
  }
}
