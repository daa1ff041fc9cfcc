/** `kubectl stasis doctor`: asks the agents what stands still on their nodes, and whether captures can be made there. */
import { checkChoice, type Checked } from '../option-values.js';
import { askAgent, listAgents, missingAgents } from './agents.js';
import type { Agent } from './agent-pods.js';
import { addClusterFlags, checkClusterFlags, type ClusterFlags, type RawClusterFlags } from './cluster-flags.js';
import type { PluginCommand } from './command.js';
import { isWell, parseDoctorReport, type NodeAnswer } from './doctor-answer.js';
import { afterSignal, FAILED, OK } from './exit-codes.js';
import { limited } from './limited.js';
import { nameCaptures } from './name-captures.js';
import { checkName } from './names.js';
import { printObject, printText } from './print.js';
import { renderNodes } from './render-nodes.js';
import { findStasisNamespace } from './stasis-namespace.js';
import { checkStasisNamespace, stasisNamespaceFlag } from './stasis-namespace-flag.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail, withCluster } from './with-cluster.js';

const OUTPUTS = ['table', 'json'] as const;
const AT_ONCE = 8;
/** The command takes about a second, and its rehearsals wait up to ten. */
const NODE_MILLISECONDS = 30_000;
const LONGEST_ANSWER_BYTES = 4 << 20;

interface RawOptions extends RawClusterFlags {
  readonly output: string;
  readonly stasisNamespace?: string;
  /** commander sets this to true, and `--no-rehearsal` sets it to false. */
  readonly rehearsal: boolean;
}

interface Options {
  readonly nodes: readonly string[];
  readonly output: (typeof OUTPUTS)[number];
  readonly rehearsal: boolean;
  readonly stasisNamespace?: string;
  readonly cluster: ClusterFlags;
}

const HELP = `
It runs \`stasis doctor\` in the pods of the agents, which needs pods/exec in the
namespace of Stasis. Nothing of your pods is touched: the rehearsal captures
processes of its own.

The exit status is 0 when all is well on all nodes, and 1 when something stands
still that should not, a node is unfit for captures, a node does not answer, a
node that should have an agent has none, or that is not known.

Examples:
  Is anything left frozen, and can captures be made on every node?
    $ kubectl stasis doctor
  Everything about one node
    $ kubectl stasis doctor node-2
  For a script
    $ kubectl stasis doctor -o json | jq '.nodes[] | select(.well|not).node'`;

export const DOCTOR: PluginCommand = {
  add: (program, choose) => {
    const command = program
      .command('doctor')
      .summary('ask the nodes whether all is well')
      .description('Asks the agent of each node what is frozen or traced there, by whom, and what the node can do.')
      .usage('[NODE...] [options]')
      .argument('[node...]')
      .option('--no-rehearsal', 'only look, and capture no processes of our own')
      .addOption(stasisNamespaceFlag())
      .option('-o, --output <form>', `of the result: ${OUTPUTS.join('|')}`, 'table')
      .helpOption('-h, --help', 'print this')
      .addHelpText('after', HELP);
    addClusterFlags(command).action((nodes: readonly string[], raw: RawOptions) => {
      const checked = check(nodes, raw);
      if (!checked.ok) return choose(checked);
      const { value } = checked;
      choose({ ok: true, run: async (surroundings) => await run(surroundings, value) });
    });
  },
};

function check(words: readonly string[], raw: RawOptions): Checked<Options> {
  const nodes = words.map((word) => word.replace(/^nodes?\//, ''));
  for (const node of nodes) {
    const name = checkName(node);
    if (!name.ok) return name;
  }
  const output = checkChoice('--output', raw.output, OUTPUTS);
  if (!output.ok) return output;
  const home = checkStasisNamespace(raw.stasisNamespace);
  if (!home.ok) return home;
  const cluster = checkClusterFlags(raw);
  if (!cluster.ok) return cluster;
  const { rehearsal } = raw;
  const stasisNamespace = home.value === undefined ? {} : { stasisNamespace: home.value };
  return { ok: true, value: { nodes, output: output.value, rehearsal, ...stasisNamespace, cluster: cluster.value } };
}

async function run(surroundings: Surroundings, options: Options): Promise<number> {
  return await withCluster(surroundings, options.cluster, async (cluster) => {
    const home = await findStasisNamespace(cluster, options.stasisNamespace);
    if (!home.ok) return await fail(surroundings, home.message);
    const { namespace } = home;
    const found = await listAgents(cluster, namespace);
    if (!found.ok) return await fail(surroundings, found.message);
    if (found.agents.length === 0) return await fail(surroundings, noAgents(namespace, home.guessed));
    const { agents } = found;
    const names = agents.map(({ nodeName }) => nodeName);
    const missing = options.nodes.length > 0 ? { nodes: [] } : await missingAgents(cluster, namespace, names);
    const answers = await askAll(surroundings, cluster, { ...options, namespace, agents, without: missing.nodes });
    if (surroundings.signal.aborted) return afterSignal(String(surroundings.signal.reason));
    const refused = answers.find((answer) => answer.kind === 'silent' && answer.forbidden === true);
    if (refused?.kind === 'silent' && answers.every((answer) => answer.kind === 'silent'))
      return await fail(surroundings, refused.message);
    const { gap } = missing;
    const isSure = gap === undefined;
    const status = isSure && answers.every(isWell) ? OK : FAILED;
    if (options.output === 'json') {
      const all = { nodes: answers.map(plain), ...(isSure ? {} : { gap }) };
      return await printObject(surroundings, all, 'json', status);
    }
    const whole = options.nodes.length > 0;
    const captures = await nameCaptures(surroundings, cluster, answers);
    const more = { namespace, whole, captures, ...(isSure ? {} : { gap }) };
    const text = renderNodes(answers, { ...surroundings.terminal.output, ...more });
    return await printText(surroundings, text, status);
  });
}

function noAgents(namespace: string, guessed: boolean): string {
  const where = `namespace ${namespace} has no pods of node agents`;
  return guessed
    ? `${where}, and you may not look for them elsewhere; say where Stasis is installed: --stasis-namespace`
    : `${where}; see: kubectl get daemonset,pod -n ${namespace}`;
}

interface Asked extends Pick<Options, 'nodes' | 'rehearsal'> {
  readonly namespace: string;
  readonly agents: readonly Agent[];
  /** The nodes that should have an agent, and have none. */
  readonly without: readonly string[];
}

async function askAll(surroundings: Surroundings, cluster: Cluster, asked: Asked): Promise<NodeAnswer[]> {
  const known = new Map(asked.agents.map((agent) => [agent.nodeName, agent]));
  const all = [...known.keys(), ...asked.without].toSorted();
  const names = asked.nodes.length === 0 ? all : [...new Set(asked.nodes)];
  let answered = 0;
  return await limited(names, AT_ONCE, async (node) => {
    const answer = await askNode(surroundings, cluster, asked, node, known.get(node));
    answered += 1;
    if (surroundings.terminal.redraws)
      await surroundings.terminal.progress(`${answered} of ${names.length} nodes have been asked`);
    return answer;
  });
}

async function askNode(
  surroundings: Surroundings,
  cluster: Cluster,
  { namespace, rehearsal }: Asked,
  node: string,
  agent: Agent | undefined,
): Promise<NodeAnswer> {
  if (agent === undefined)
    return {
      node,
      kind: 'silent',
      message: `no agent of Stasis is on node ${node}; see: kubectl get node ${node}, and: kubectl describe daemonset -n ${namespace}`,
    };
  if (agent.kind === 'down') return { node, kind: 'silent', message: agent.message };
  const parts: Uint8Array[] = [];
  let length = 0;
  const options = rehearsal ? [] : ['--no-rehearsal'];
  const answer = await askAgent(surroundings, cluster, {
    namespace,
    pod: agent.pod,
    command: ['stasis', 'doctor', '-o', 'json', '--cgroup-root', '/host/sys/fs/cgroup', ...options],
    milliseconds: NODE_MILLISECONDS,
    onOutput: async (bytes) => {
      length += bytes.length;
      if (length > LONGEST_ANSWER_BYTES) throw new Error('the answer is longer than 4 MiB');
      parts.push(Uint8Array.from(bytes));
      await Promise.resolve();
    },
  });
  if (answer.kind === 'failed') return { node, kind: 'silent', message: answer.message, forbidden: answer.forbidden };
  const report = parseDoctorReport(Buffer.concat(parts).toString('utf8'));
  if (report !== undefined) return { node, kind: 'report', report };
  const [why = ''] = answer.errors.trim().split('\n');
  const words = why === '' ? 'its answer is in a form that this plugin does not know' : why;
  return {
    node,
    kind: 'silent',
    message: `stasis doctor in pod ${agent.pod} ended with status ${answer.status}: ${words}`,
  };
}

/** The answer as data. */
function plain(answer: NodeAnswer): object {
  return answer.kind === 'report'
    ? { node: answer.node, answered: true, well: answer.report.well, report: answer.report }
    : { node: answer.node, answered: false, well: false, message: answer.message };
}
