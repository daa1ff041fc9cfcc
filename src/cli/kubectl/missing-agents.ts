/** Decides which nodes should have an agent and have none, from what could be read. Pure. */
import type { Known } from './known.js';
import type { DaemonSet, NodeObject, Taint, Toleration } from './resources.js';

export interface Missing {
  /** Nodes that should have an agent, and have none. */
  readonly nodes: readonly string[];
  /** A sentence for people: how many more there are, or why that is not known. */
  readonly gap?: string;
}

/** The controller of DaemonSets gives these tolerations to all of its pods. */
const TOLERATED = ['not-ready', 'unreachable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'];

/** @param agents the nodes that have a pod of an agent */
export function findMissing(
  agents: readonly string[],
  daemonSets: Known<readonly DaemonSet[]>,
  nodes: Known<readonly NodeObject[]>,
): Missing {
  const bare = nodes.known ? nodes.value.filter(({ metadata }) => !agents.includes(metadata.name)) : [];
  if (!daemonSets.known) {
    if (nodes.known && bare.length === 0) return { nodes: [] };
    const which = nodes.known
      ? `node${bare.length === 1 ? '' : 's'} ${listNames(bare)}, without an agent, should have one`
      : 'other nodes should have an agent, and have none';
    return { nodes: [], gap: `It is not known whether ${which}: ${daemonSets.why}.` };
  }
  const number = daemonSets.value.reduce((sum, each) => sum + lacking(each, agents.length), 0);
  if (number <= 0) return { nodes: [] };
  const able = bare.filter((node) => daemonSets.value.some((daemonSet) => fits(node, daemonSet)));
  if (nodes.known && able.length === number) return { nodes: able.map(({ metadata }) => metadata.name) };
  const said = `${number} more ${number === 1 ? 'node' : 'nodes'} should have an agent, and ${number === 1 ? 'has' : 'have'} none`;
  const which = nodes.known
    ? `; without an agent ${bare.length === 1 ? 'is' : 'are'} ${bare.length === 0 ? 'no nodes now' : listNames(bare)}`
    : `; which is not known: ${nodes.why}`;
  return { nodes: [], gap: `${said}${which}.` };
}

/** A pod may be on a node that should have none any more. */
function lacking({ status }: DaemonSet, agents: number): number {
  const { desiredNumberScheduled: desired = 0, numberMisscheduled: astray = 0 } = status ?? {};
  return desired - Math.max(0, agents - astray);
}

/** By labels and taints; what an affinity of the DaemonSet says is not looked at. */
function fits({ metadata, spec: { taints = [] } = {} }: NodeObject, { spec }: DaemonSet): boolean {
  const { nodeSelector = {}, tolerations = [] } = spec?.template.spec ?? {};
  const labels = metadata.labels ?? {};
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    taints.every((taint) => taint.effect === 'PreferNoSchedule' || isTolerated(taint, tolerations))
  );
}

function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  if (TOLERATED.some((name) => taint.key === `node.kubernetes.io/${name}`)) return true;
  return tolerations.some(({ key = '', operator = 'Equal', value = '', effect = '' }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    if (operator === 'Exists') return key === '' || key === taint.key;
    return key === taint.key && value === (taint.value ?? '');
  });
}

const MOST_NAMES = 10;

function listNames(nodes: readonly NodeObject[]): string {
  const names = nodes.map(({ metadata }) => metadata.name);
  const more = names.length - MOST_NAMES;
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : names.join(', ');
}
