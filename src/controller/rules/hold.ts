/** Decides whether a hold must end because it obstructs something else. Pure. */
import type { Settled } from '../observation.js';
import type { KubeNode } from '../resources.js';

/**
 * Returns the name of the obstructed operation, for logs; undefined when the hold may go on or nothing is known yet.
 */
export function holdEnds({ capture, pod, node }: Settled): string | undefined {
  if (capture === undefined) return undefined;
  if (pod.known) {
    if (pod.object === undefined) return 'podGone';
    if (pod.object.metadata.uid !== capture.spec.podUID) return 'podReplaced';
    if (pod.object.metadata.deletionTimestamp !== undefined) return 'podTerminating';
  }
  if (node.known && node.object !== undefined && isDrained(node.object, capture.metadata.creationTimestamp)) {
    return 'nodeDrained';
  }
  return undefined;
}

/**
 * Whether the node was cordoned, or tainted so that pods must leave, after the capture was created. A node that was
 * cordoned earlier does not count as drained: people do cordon a node and then inspect a suspicious pod on it.
 * timeAdded and creationTimestamp both count whole seconds. A taint without timeAdded counts as new, and so does a
 * cordon whose taint the node controller has not added yet.
 */
function isDrained({ spec }: KubeNode, since: string): boolean {
  const taints = spec?.taints ?? [];
  const isNew = (timeAdded: string | undefined): boolean =>
    timeAdded === undefined || Date.parse(timeAdded) >= Date.parse(since);
  const cordon = taints.find(({ key }) => key === 'node.kubernetes.io/unschedulable');
  if (spec?.unschedulable === true && isNew(cordon?.timeAdded)) return true;
  return taints.some(({ effect, timeAdded }) => effect === 'NoExecute' && isNew(timeAdded));
}
