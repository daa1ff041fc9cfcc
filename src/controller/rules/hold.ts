/** Whether a hold stands in the way of something that is under way. Pure. */
import type { Settled } from '../observation.js';
import type { KubeNode } from '../resources.js';

/** The name of the reason, for logs; undefined where the hold may go on, or where nothing is known yet. */
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
 * Cordoned, or tainted so that pods have to leave, since the capture was made. A node that was so before is none that is being drained
 * now: to cordon a node and then look at a suspicious pod on it is what people do. timeAdded is in whole seconds, as the
 * creation is; a taint that does not say counts as new, so does a cordon whose taint the node controller has yet to add.
 */
function isDrained({ spec }: KubeNode, since: string): boolean {
  const taints = spec?.taints ?? [];
  const isNew = (timeAdded: string | undefined): boolean =>
    timeAdded === undefined || Date.parse(timeAdded) >= Date.parse(since);
  const cordon = taints.find(({ key }) => key === 'node.kubernetes.io/unschedulable');
  if (spec?.unschedulable === true && isNew(cordon?.timeAdded)) return true;
  return taints.some(({ effect, timeAdded }) => effect === 'NoExecute' && isNew(timeAdded));
}
