/** Decides whether a hold must end because its author asked for that, or because it obstructs something else. Pure. */
import { findCondition } from '../../api/conditions.js';
import type { PodCapture } from '../../api/kinds.js';
import { runningContainers } from '../containers.js';
import type { ReleaseReason } from '../decision.js';
import type { Settled } from '../observation.js';
import type { KubeNode, Pod, Taint, Toleration } from '../resources.js';
import { isReleaseRequested } from '../status.js';

/** Returns why the hold must end; undefined when the hold may go on, or nothing is known yet. */
export function holdEnds({ checkpoint, capture, pod, node }: Settled): ReleaseReason | undefined {
  if (capture === undefined) return undefined;
  if (isReleaseRequested(checkpoint)) return 'ReleaseRequested';
  if (!pod.known) return undefined;
  const { object } = pod;
  if (object === undefined) return 'PodNotFound';
  if (object.metadata.uid !== capture.spec.podUID) return 'PodReplaced';
  if (object.metadata.deletionTimestamp !== undefined) return 'PodTerminating';
  if (isHeld(capture) && hasLostContainer(object, capture)) return 'ContainerEnded';
  if (node.known && node.object !== undefined && isDrained(node.object, object, capture.metadata.creationTimestamp)) {
    return 'NodeDrained';
  }
  return undefined;
}

function isHeld({ status }: PodCapture): boolean {
  return findCondition(status?.conditions, 'Held')?.status === 'True';
}

/** Whether one of the held containers no longer runs, or another container runs under its name. */
function hasLostContainer(pod: Pod, { spec }: PodCapture): boolean {
  const running = new Set(runningContainers(pod).map(({ containerID }) => containerID));
  return spec.containers.some(({ containerID }) => !running.has(containerID));
}

/**
 * Whether the node was cordoned after the capture was created, or has a taint that has this pod leave. A node that was
 * cordoned earlier does not count as drained: people do cordon a node and then inspect a suspicious pod on it. The taint
 * of a cordon follows within milliseconds, with its timeAdded, so a cordon without taint is new. timeAdded and
 * creationTimestamp both count whole seconds. A NoExecute taint needs no time: a pod that does not tolerate it is
 * evicted, whenever the taint came, and a pod that tolerates it for a while is evicted later and is then Terminating.
 */
function isDrained({ spec }: KubeNode, pod: Pod, since: string): boolean {
  const taints = spec?.taints ?? [];
  if (taints.some((taint) => taint.effect === 'NoExecute' && !isTolerated(taint, pod))) return true;
  if (spec?.unschedulable !== true) return false;
  const cordon = taints.find(({ key }) => key === 'node.kubernetes.io/unschedulable');
  if (cordon === undefined) return true;
  return cordon.timeAdded !== undefined && Date.parse(cordon.timeAdded) >= Date.parse(since);
}

/** The rules of core/v1 Toleration: an empty key or effect matches every key or effect. */
function isTolerated(taint: Taint, { spec }: Pod): boolean {
  return (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}

function tolerates({ key = '', operator = 'Equal', value = '', effect = '' }: Toleration, taint: Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return key !== '' && operator === 'Equal' && value === (taint.value ?? '');
}
