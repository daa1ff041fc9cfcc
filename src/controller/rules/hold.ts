/** Decides whether a hold must end because its author asked for that, or because it obstructs something else. Pure. */
import { findCondition } from '../../api/conditions.js';
import type { PodCapture } from '../../api/kinds.js';
import { runningContainers } from '../../pod/containers.js';
import type { ReleaseReason } from '../decision.js';
import type { Settled } from '../observation.js';
import type { KubeNode, Pod, Taint, Toleration } from '../resources.js';
import { isReleaseRequested } from '../status.js';

/** Returns why the hold must end; undefined when the hold may go on, or nothing is known yet. */
export function holdEnds({ checkpoint, capture, pod, node, nodeWasSchedulable }: Settled): ReleaseReason | undefined {
  if (capture === undefined) return undefined;
  if (isReleaseRequested(checkpoint)) return 'ReleaseRequested';
  if (!pod.known) return undefined;
  const { object } = pod;
  if (object === undefined) return 'PodNotFound';
  if (object.metadata.uid !== capture.spec.podUID) return 'PodReplaced';
  if (object.metadata.deletionTimestamp !== undefined) return 'PodTerminating';
  if (isHeld(capture) && hasLostContainer(object, capture)) return 'ContainerEnded';
  if (!node.known || node.object === undefined) return undefined;
  if (mustLeave(node.object, object)) return 'NodeDrained';
  const { creationTimestamp } = capture.metadata;
  return wasCordoned(node.object, creationTimestamp, nodeWasSchedulable) ? 'NodeDrained' : undefined;
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
 * Whether the node has a taint that has this pod leave. Such a taint needs no time: a pod that does not tolerate it is
 * evicted, whenever the taint came, and a pod that tolerates it for a while is evicted later and is then Terminating.
 */
function mustLeave({ spec }: KubeNode, pod: Pod): boolean {
  return (spec?.taints ?? []).some((taint) => taint.effect === 'NoExecute' && !isTolerated(taint, pod));
}

/** The clocks of kube-controller-manager, which dates the taint, and of the API server may differ by so many milliseconds. */
const CLOCKS_DIFFER_MILLISECONDS = 60_000;

/**
 * Whether the node was cordoned during the hold. A node that was cordoned before does not count as drained: people do
 * cordon a node and then inspect a suspicious pod on it. What this process has seen itself counts, unless the date of the
 * taint says for certain that its watch was late. A process that has never seen the node schedulable, because it has just
 * begun to lead, has only that date; so what the clocks leave open does not end a hold.
 */
function wasCordoned({ spec }: KubeNode, since: string, wasSchedulable: boolean): boolean {
  if (spec?.unschedulable !== true) return false;
  const cordon = spec.taints?.find(({ key }) => key === 'node.kubernetes.io/unschedulable');
  // NaN without a date, for which no comparison is true.
  const later = Date.parse(cordon?.timeAdded ?? '') - Date.parse(since);
  return wasSchedulable ? !(later < -CLOCKS_DIFFER_MILLISECONDS) : later > CLOCKS_DIFFER_MILLISECONDS;
}

/** The rules of core/v1 Toleration: an empty key or effect matches every key or effect. */
function isTolerated(taint: Taint, { spec }: Pod): boolean {
  return (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}

function tolerates({ key = '', operator = 'Equal', value = '', effect = '' }: Toleration, taint: Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  if (key === '') return false;
  if (operator === 'Equal') return value === (taint.value ?? '');
  return compares(operator, wholeNumber(taint.value ?? ''), wholeNumber(value));
}

/** Gt and Lt, from Kubernetes 1.35 on: whether the number of the taint is greater, or less, than that of the toleration. */
function compares(operator: string, ofTaint: bigint | undefined, ofToleration: bigint | undefined): boolean {
  if (ofTaint === undefined || ofToleration === undefined) return false;
  if (operator === 'Gt') return ofTaint > ofToleration;
  return operator === 'Lt' && ofTaint < ofToleration;
}

/** An int64 in decimal, as Kubernetes reads it: no sign but a minus, and no leading zero. */
function wholeNumber(text: string): bigint | undefined {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const number = BigInt(text);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}
