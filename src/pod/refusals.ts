/**
 * The reasons for which a pod cannot be captured, whoever asks. Pure. Each rule returns undefined when it does not stand in the way.
 */
import { containerNames } from './containers.js';
import { matchesAny } from './name-pattern.js';
import type { Pod } from './pod.js';
import type { Why } from './why.js';

/** The label by which Stasis's own pods are recognised in Stasis's own namespace. */
const NAME_LABEL = 'app.kubernetes.io/name';

/** @param excluded names of namespaces; `*` in a name stands for any characters */
export function namespaceExcluded(namespace: string, excluded: readonly string[]): Why | undefined {
  if (!matchesAny(namespace, excluded)) return undefined;
  return { reason: 'NamespaceExcluded', message: `pods of namespace ${namespace} are never held` };
}

/** The label counts only in Stasis's own namespace. Anyone could set it on a pod elsewhere and make that pod immune. */
export function stasisPod({ metadata }: Pod, stasisNamespace: string): Why | undefined {
  if (metadata.namespace !== stasisNamespace) return undefined;
  if (metadata.labels?.[NAME_LABEL] !== 'stasis') return undefined;
  return { reason: 'StasisPod', message: `pod ${metadata.name} is one of Stasis's own` };
}

export function hostLevelPod({ metadata, spec }: Pod): Why | undefined {
  const because =
    (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined && 'it is a static pod') ||
    (spec.priorityClassName === 'system-node-critical' && 'its priority class is system-node-critical') ||
    (spec.hostPID === true && "it is in the node's pid namespace (hostPID)") ||
    (spec.hostNetwork === true && "it is in the node's network namespace (hostNetwork)");
  if (because === false) return undefined;
  return { reason: 'HostLevelPod', message: `the node depends on pod ${metadata.name}: ${because}` };
}

/**
 * The node sees only the sandbox of such a pod, as one process or none.
 *
 * @param handler that of the pod's RuntimeClass; undefined where the pod names none
 * @param sandboxed handlers whose processes the node does not see; `*` stands for any characters
 */
export function sandboxedRuntime(
  { metadata, spec }: Pod,
  handler: string | undefined,
  sandboxed: readonly string[],
): Why | undefined {
  if (handler === undefined || !matchesAny(handler, sandboxed)) return undefined;
  const message = `pod ${metadata.name} runs in a sandbox (RuntimeClass ${spec.runtimeClassName}, handler ${handler}), whose processes the node does not see`;
  return { reason: 'SandboxedRuntime', message };
}

/** @param wanted names of containers; undefined: whichever run */
export function containerNotFound(pod: Pod, wanted: readonly string[] | undefined): Why | undefined {
  const names = containerNames(pod);
  const missing = wanted?.filter((name) => !names.includes(name)) ?? [];
  if (missing.length === 0) return undefined;
  const message = `pod ${pod.metadata.name} has no container ${missing.join(', ')}; it has ${names.join(', ')}`;
  return { reason: 'ContainerNotFound', message };
}

export function podTerminating({ metadata }: Pod): Why | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return { reason: 'PodTerminating', message: `pod ${metadata.name} is being deleted` };
}

export function podNotRunning({ metadata, spec, status }: Pod): Why | undefined {
  const phase = status?.phase ?? 'Unknown';
  if (spec.nodeName === undefined || spec.nodeName === '') {
    return { reason: 'PodNotRunning', message: `pod ${metadata.name} is not assigned to a node yet (phase ${phase})` };
  }
  if (phase === 'Running') return undefined;
  return { reason: 'PodNotRunning', message: `pod ${metadata.name} is in phase ${phase}, not Running` };
}
