/** `kubectl stasis version`: the versions of the plugin, of Kubernetes and of Stasis in the cluster. */
import { asText, parseObject } from '../../kube/json.js';
import { checkChoice, type Checked } from '../option-values.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import { FAILED, OK } from './exit-codes.js';
import { known, notKnown, whyNot, type Known } from './known.js';
import { printObject, printText } from './print.js';
import { describeRefusal } from './refusal.js';
import { DEPLOYMENTS } from './resources.js';
import { DEFAULT_NAMESPACE, provedNamespaces } from './stasis-namespace.js';
import { checkStasisNamespace, stasisNamespaceFlag } from './stasis-namespace-flag.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { describeSkew } from './versions.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['text', 'json'] as const;
/** The labels that the chart gives to the controller's Deployment, and the one that has the version. */
const CONTROLLER_SELECTOR = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=controller';
const VERSION_LABEL = 'app.kubernetes.io/version';

interface RawOptions extends RawClusterFlags {
  readonly output: string;
  readonly stasisNamespace?: string;
}

interface Options {
  readonly output: (typeof OUTPUTS)[number];
  readonly stasisNamespace: string | undefined;
  readonly cluster: ClusterFlags;
}

const HELP = `
The version of Stasis is that of its controller's Deployment, where you may read
it. The exit status is 1 when the API server does not answer.

Examples:
  Do the plugin and the cluster go together?
    $ kubectl stasis version
  For a script
    $ kubectl stasis version -o json | jq -r .stasis
  Without a cluster
    $ kubectl stasis --version`;

export const VERSION: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('version')
      .summary('print the versions that play together')
      .description('Prints the versions of the plugin, of the API server and of Stasis in the cluster.')
      .usage('[options]')
      .addOption(stasisNamespaceFlag())
      .option('-o, --output <form>', `of the result: ${OUTPUTS.join('|')}`, 'text')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP);
    addClusterFlags(command).action((raw: RawOptions) => {
      const checked = check(raw);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check(raw: RawOptions): Checked<Options> {
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const home = checkStasisNamespace(raw.stasisNamespace);
  if (!home.ok) return home;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  return { ok: true, value: { output: output.value, stasisNamespace: home.value, cluster: cluster.value } };
}

async function run(surroundings: Surroundings, { output, stasisNamespace, cluster: flags }: Options): Promise<number> {
  return await withCluster(surroundings, flags, async (cluster) => {
    const { version: plugin, terminal } = surroundings;
    const kubernetes = await kubernetesVersion(cluster);
    // Without an answer, nothing else is worth asking.
    const stasis = kubernetes.known ? await stasisVersion(cluster, stasisNamespace) : notKnown('no answer');
    const status = kubernetes.known ? OK : FAILED;
    const warning = stasis.known ? describeSkew(plugin, stasis.value) : undefined;
    const printed =
      output === 'json'
        ? await printObject(surroundings, plain({ plugin, kubernetes, stasis, warning }), 'json', status)
        : await printText(
            surroundings,
            `Plugin:      ${plugin}\nKubernetes:  ${wordsOf(kubernetes)}\nStasis:      ${wordsOf(stasis)}\n`,
            status,
          );
    if (warning !== undefined) await terminal.say(`warning: ${warning}`);
    return kubernetes.known ? printed : await fail(surroundings, kubernetes.why);
  });
}

function wordsOf(version: Known<string>): string {
  return version.known ? version.value : `not known: ${version.why}`;
}

/** Returns the versions as data; a version that is not known is null. */
function plain(versions: {
  readonly plugin: string;
  readonly kubernetes: Known<string>;
  readonly stasis: Known<string>;
  readonly warning: string | undefined;
}): object {
  const { plugin, kubernetes, stasis, warning } = versions;
  return {
    plugin,
    kubernetes: kubernetes.known ? kubernetes.value : null,
    stasis: stasis.known ? stasis.value : null,
    ...(stasis.known ? {} : { stasisNotKnown: stasis.why }),
    ...(warning === undefined ? {} : { warning }),
  };
}

/** Everybody may ask for it. */
async function kubernetesVersion({ api, serverName }: Cluster): Promise<Known<string>> {
  const answer = await api.raw('GET', '/version');
  if (!answer.ok) return notKnown(describeRefusal(answer.error, { verb: 'get', resource: '/version', serverName }));
  const version = asText(parseObject(answer.value.text)?.['gitVersion']);
  return version === undefined ? notKnown(`the server at ${serverName} does not tell it`) : known(version);
}

/**
 * Looks in the namespace that is proved to be that of Stasis; else in all namespaces, and where the user may not, in the one of the
 * documents.
 */
async function stasisVersion(cluster: Cluster, given: string | undefined): Promise<Known<string>> {
  const { api, serverName } = cluster;
  const options = { labelSelector: CONTROLLER_SELECTOR, metadataOnly: true } as const;
  const proved = given === undefined ? await provedNamespaces(cluster) : undefined;
  if (proved?.ok === false) return notKnown(proved.message);
  const one = given ?? (proved?.namespaces.length === 1 ? proved.namespaces[0] : undefined);
  const everywhere = one === undefined ? await api.list(DEPLOYMENTS, options) : undefined;
  const asksOne = everywhere === undefined || (!everywhere.ok && everywhere.error.code === 403);
  const namespace = one ?? DEFAULT_NAMESPACE;
  const listed = asksOne ? await api.list(DEPLOYMENTS, { ...options, namespace }) : everywhere;
  const where = asksOne ? { namespace } : {};
  if (!listed.ok) return notKnown(whyNot(listed, { verb: 'list', resource: 'deployments.apps', serverName, ...where }));
  const found = listed.value.items.map(({ metadata }) => metadata);
  const homes = [...new Set(found.map((metadata) => metadata.namespace))];
  if (homes.length > 1)
    return notKnown(
      `controllers are in several namespaces (${homes.join(', ')}); say which one is meant: --stasis-namespace`,
    );
  const versions = found.flatMap(({ labels }) => labels?.[VERSION_LABEL] ?? []);
  const [version] = versions;
  if (version !== undefined) return known([...new Set(versions)].join(', '));
  return notKnown(`there is no controller of Stasis in ${asksOne ? `namespace ${namespace}` : 'the cluster'}`);
}
