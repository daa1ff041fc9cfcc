/** Finds the pods of Stasis's node agents, and runs commands in their containers. */
import { withDeadline } from '../../kube/abort.js';
import { listPages } from '../../kube/list-pages.js';
import { PODS } from '../../pod/pod.js';
import { AGENT_CONTAINER, AGENT_SELECTOR, agentsOf, type Agent } from './agent-pods.js';
import { describeExecFailure } from './exec-refusal.js';
import { known, notKnown, whyNot } from './known.js';
import { findMissing, type Missing } from './missing-agents.js';
import { describeRefusal } from './refusal.js';
import { DAEMONSETS, NODES, type NodeObject } from './resources.js';
import type { Cluster, Surroundings } from './surroundings.js';

export type AgentsFound =
  | { readonly ok: true; readonly agents: readonly Agent[] }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

/** @param nodeName only the agent of this node */
export async function listAgents(
  { api, serverName }: Cluster,
  namespace: string,
  nodeName?: string,
): Promise<AgentsFound> {
  const fieldSelector = nodeName === undefined ? {} : { fieldSelector: `spec.nodeName=${nodeName}` };
  const options = { namespace, labelSelector: AGENT_SELECTOR, ...fieldSelector };
  const listed = await listPages(api, PODS, options, (pod) => pod);
  if (listed.ok) return { ok: true, agents: agentsOf(listed.value.items) };
  const attempt = { verb: 'list', resource: 'pods', namespace, serverName } as const;
  return { ok: false, message: describeRefusal(listed.error, attempt) };
}

/**
 * Looks for nodes that should have an agent and have none.
 *
 * @param agents the nodes that have the pod of an agent
 */
export async function missingAgents(
  { api, serverName }: Cluster,
  namespace: string,
  agents: readonly string[],
): Promise<Missing> {
  const [daemonSets, nodes] = await Promise.all([
    api.list(DAEMONSETS, { namespace, labelSelector: AGENT_SELECTOR }),
    listPages(api, NODES, {}, withoutStatus),
  ]);
  return findMissing(
    agents,
    daemonSets.ok
      ? known(daemonSets.value.items)
      : notKnown(whyNot(daemonSets, { verb: 'list', resource: 'daemonsets.apps', namespace, serverName })),
    nodes.ok ? known(nodes.value.items) : notKnown(whyNot(nodes, { verb: 'list', resource: 'nodes', serverName })),
  );
}

/** The status of a node lists its images. */
function withoutStatus({ status: _status, ...node }: NodeObject): NodeObject {
  return node;
}

export interface AgentCommand {
  readonly namespace: string;
  readonly pod: string;
  readonly command: readonly string[];
  readonly onOutput: (bytes: Uint8Array) => Promise<void>;
  /** The command has this long to end. Without it, the signal alone ends it. */
  readonly milliseconds?: number;
}

export type AgentAnswer =
  | { readonly kind: 'ended'; readonly status: number; readonly errors: string }
  /** The message is one line for people. `forbidden`: the user lacks a right. */
  | { readonly kind: 'failed'; readonly message: string; readonly forbidden: boolean };

/** Runs a command in the container of an agent. */
export async function askAgent(
  { clock, signal }: Pick<Surroundings, 'clock' | 'signal'>,
  cluster: Cluster,
  { milliseconds, ...command }: AgentCommand,
): Promise<AgentAnswer> {
  const ask = async (until: AbortSignal) =>
    await cluster.exec({ ...command, container: AGENT_CONTAINER, signal: until });
  const answer = milliseconds === undefined ? await ask(signal) : await withDeadline(clock, milliseconds, signal, ask);
  if (answer.kind === 'ended') return answer;
  const late = milliseconds !== undefined && answer.message === 'interrupted' && !signal.aborted;
  if (late) return { kind: 'failed', message: `no answer within ${milliseconds / 1000} s`, forbidden: false };
  const { namespace, pod } = command;
  const message = describeExecFailure(answer, { namespace, pod, serverName: cluster.serverName });
  return { kind: 'failed', message, forbidden: answer.code === 403 };
}
