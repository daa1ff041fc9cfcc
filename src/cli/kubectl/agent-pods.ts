/** Judges the pods of Stasis's node agents: which one answers for a node. Pure. */
import { nodeOfAgentPod } from '../../pod/agent-pod.js';
import type { Pod } from '../../pod/pod.js';

/** The labels that the chart gives to the DaemonSet of the agents and to its pods. */
export const AGENT_SELECTOR = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent';
/** The container in which `stasis` runs as the agent does. */
export const AGENT_CONTAINER = 'node-agent';

/** The agent of a node. */
export type Agent =
  | { readonly kind: 'running'; readonly nodeName: string; readonly pod: string }
  /** There is a pod, and its container does not run. One line for people. */
  | { readonly kind: 'down'; readonly nodeName: string; readonly message: string };

/**
 * Two pods of agents may be on a node: one that has failed stays, and a forced deletion makes room for the next before the
 * processes have ended. The one that runs answers.
 */
export function agentsOf(pods: readonly Pod[]): Agent[] {
  const agents = new Map<string, Agent>();
  for (const pod of pods) {
    const agent = agentOf(pod);
    if (agent === undefined) continue;
    if (agents.get(agent.nodeName)?.kind !== 'running') agents.set(agent.nodeName, agent);
  }
  return [...agents.values()].sort((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
}

/** Only a pod that a DaemonSet has made is an agent: everybody who may create pods may set the labels. */
function agentOf(pod: Pod): Agent | undefined {
  const { metadata, status } = pod;
  const nodeName = nodeOfAgentPod(pod) ?? '';
  if (nodeName === '' || metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') !== true) return undefined;
  const container = status?.containerStatuses?.find(({ name }) => name === AGENT_CONTAINER);
  const phase = status?.phase ?? 'Unknown';
  if (phase === 'Running' && container?.state?.running !== undefined)
    return { kind: 'running', nodeName, pod: metadata.name };
  const why = phase === 'Running' ? 'its container does not run' : `it is in phase ${phase}`;
  const look = `kubectl describe pod -n ${metadata.namespace ?? ''} ${metadata.name}`;
  return { kind: 'down', nodeName, message: `the agent's pod ${metadata.name} does not answer: ${why}; see: ${look}` };
}
