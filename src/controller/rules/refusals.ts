/**
 * The reasons to refuse a Checkpoint. Pure. The rules that can never pass for this pod or this Checkpoint come first,
 * and the rules that may pass later come last. Otherwise a user could fix one problem only to be told of another that
 * cannot be fixed.
 */
import type { Reason } from '../../api/reasons.js';
import { chooseContainers, containerNames } from '../containers.js';
import type { Undispatched } from '../observation.js';
import type { Pod } from '../resources.js';

export interface Refusal {
  readonly reason: Reason;
  readonly message: string;
}

type PodRule = (pod: Pod, observation: Undispatched) => Refusal | undefined;

/** Returns undefined when nothing prevents the capture, except perhaps earlier Checkpoints of the same pod. */
export function findRefusal(observation: Undispatched): Refusal | undefined {
  const { pod, settings } = observation;
  const { namespace = '', name } = observation.checkpoint.metadata;
  if (settings.excludedNamespaces.includes(namespace)) {
    return { reason: 'NamespaceExcluded', message: `pods of namespace ${namespace} are never held` };
  }
  if (pod === undefined) {
    const { podName } = observation.checkpoint.spec;
    return { reason: 'PodNotFound', message: `namespace ${namespace} of Checkpoint ${name} has no pod ${podName}` };
  }
  for (const rule of POD_RULES) {
    const refusal = rule(pod, observation);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

const POD_RULES: readonly PodRule[] = [
  podReplaced,
  stasisPod,
  hostLevelPod,
  containerNotFound,
  podTerminating,
  podNotRunning,
  containerNotRunning,
  nodeAgentUnavailable,
];

/** Another pod took the name while the Checkpoint waited for its turn. */
function podReplaced(pod: Pod, { checkpoint }: Undispatched): Refusal | undefined {
  const pinned = checkpoint.status?.pods?.find(({ podName }) => podName === pod.metadata.name);
  if (pinned === undefined || pinned.podUID === pod.metadata.uid) return undefined;
  const message = `pod ${pod.metadata.name} with UID ${pinned.podUID} no longer exists; the current pod of that name has UID ${pod.metadata.uid}`;
  return { reason: 'PodReplaced', message };
}

/** The label counts only in Stasis's own namespace. Anyone could set it on a pod elsewhere and make that pod immune. */
function stasisPod({ metadata }: Pod, { settings }: Undispatched): Refusal | undefined {
  if (metadata.namespace !== settings.namespace) return undefined;
  if (metadata.labels?.['app.kubernetes.io/name'] !== 'stasis') return undefined;
  return { reason: 'StasisPod', message: `pod ${metadata.name} is one of Stasis's own` };
}

function hostLevelPod({ metadata, spec }: Pod): Refusal | undefined {
  const because =
    (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined && 'it is a static pod') ||
    (spec.priorityClassName === 'system-node-critical' && 'its priority class is system-node-critical') ||
    (spec.hostPID === true && "it is in the node's pid namespace (hostPID)") ||
    (spec.hostNetwork === true && "it is in the node's network namespace (hostNetwork)");
  if (because === false) return undefined;
  return { reason: 'HostLevelPod', message: `the node depends on pod ${metadata.name}: ${because}` };
}

function containerNotFound(pod: Pod, { checkpoint }: Undispatched): Refusal | undefined {
  const names = containerNames(pod);
  const missing = checkpoint.spec.containers?.filter((name) => !names.includes(name)) ?? [];
  if (missing.length === 0) return undefined;
  const message = `pod ${pod.metadata.name} has no container ${missing.join(', ')}; it has ${names.join(', ')}`;
  return { reason: 'ContainerNotFound', message };
}

function podTerminating({ metadata }: Pod): Refusal | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return { reason: 'PodTerminating', message: `pod ${metadata.name} is being deleted` };
}

function podNotRunning({ metadata, spec, status }: Pod): Refusal | undefined {
  const phase = status?.phase ?? 'Unknown';
  if (spec.nodeName === undefined || spec.nodeName === '') {
    return { reason: 'PodNotRunning', message: `pod ${metadata.name} is not assigned to a node yet (phase ${phase})` };
  }
  if (phase === 'Running') return undefined;
  return { reason: 'PodNotRunning', message: `pod ${metadata.name} is in phase ${phase}, not Running` };
}

function containerNotRunning(pod: Pod, { checkpoint }: Undispatched): Refusal | undefined {
  const choice = chooseContainers(pod, checkpoint.spec.containers);
  return choice.ok ? undefined : choice;
}

function nodeAgentUnavailable({ spec }: Pod, { agent }: Undispatched): Refusal | undefined {
  if (agent === 'Alive') return undefined;
  return { reason: 'NodeAgentUnavailable', message: `no agent of Stasis is alive on node ${spec.nodeName}` };
}
