/**
 * The reasons to refuse a Checkpoint. Pure. The rules that can never pass for this pod or this Checkpoint come first,
 * and the rules that may pass later come last. Otherwise a user could fix one problem only to be told of another that
 * cannot be fixed.
 */
import { podNameOf } from '../../api/checkpoint-pod.js';
import { chooseContainers, containerNames } from '../containers.js';
import { matchesAny } from '../name-pattern.js';
import type { Undispatched } from '../observation.js';
import type { Pod } from '../resources.js';
import { asksForHold, isReleaseRequested, type Why } from '../status.js';
import { probeWouldKill } from './probes.js';

type PodRule = (pod: Pod, observation: Undispatched) => Why | undefined;

/** The label that Velero puts on every object that it restores. */
const RESTORED_LABEL = 'velero.io/restore-name';

/** Returns undefined when nothing prevents the capture, except perhaps what may pass by itself. */
export function findRefusal(observation: Undispatched): Why | undefined {
  const { checkpoint, pod, settings } = observation;
  const { namespace = '', name, labels } = checkpoint.metadata;
  if (matchesAny(namespace, settings.excludedNamespaces)) {
    return { reason: 'NamespaceExcluded', message: `pods of namespace ${namespace} are never held` };
  }
  const restore = labels?.[RESTORED_LABEL];
  if (restore !== undefined) {
    const message = `the Checkpoint comes from a backup (label ${RESTORED_LABEL}=${restore}); create a new one to capture the pod again`;
    return { reason: 'RestoredFromBackup', message };
  }
  if (pod === undefined) {
    const podName = podNameOf(checkpoint);
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
  sandboxedRuntime,
  containerNotFound,
  podTerminating,
  podNotRunning,
  containerNotRunning,
  holdAgainstProbes,
];

/** Another pod took the name while the Checkpoint waited for its turn. */
function podReplaced(pod: Pod, { checkpoint }: Undispatched): Why | undefined {
  const pinned = checkpoint.status?.pods?.find(({ podName }) => podName === pod.metadata.name);
  if (pinned === undefined || pinned.podUID === pod.metadata.uid) return undefined;
  const message = `pod ${pod.metadata.name} with UID ${pinned.podUID} no longer exists; the current pod of that name has UID ${pod.metadata.uid}`;
  return { reason: 'PodReplaced', message };
}

/** The label counts only in Stasis's own namespace. Anyone could set it on a pod elsewhere and make that pod immune. */
function stasisPod({ metadata }: Pod, { settings }: Undispatched): Why | undefined {
  if (metadata.namespace !== settings.namespace) return undefined;
  if (metadata.labels?.['app.kubernetes.io/name'] !== 'stasis') return undefined;
  return { reason: 'StasisPod', message: `pod ${metadata.name} is one of Stasis's own` };
}

function hostLevelPod({ metadata, spec }: Pod): Why | undefined {
  const because =
    (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined && 'it is a static pod') ||
    (spec.priorityClassName === 'system-node-critical' && 'its priority class is system-node-critical') ||
    (spec.hostPID === true && "it is in the node's pid namespace (hostPID)") ||
    (spec.hostNetwork === true && "it is in the node's network namespace (hostNetwork)");
  if (because === false) return undefined;
  return { reason: 'HostLevelPod', message: `the node depends on pod ${metadata.name}: ${because}` };
}

function containerNotFound(pod: Pod, { checkpoint }: Undispatched): Why | undefined {
  const names = containerNames(pod);
  const missing = checkpoint.spec.containers?.filter((name) => !names.includes(name)) ?? [];
  if (missing.length === 0) return undefined;
  const message = `pod ${pod.metadata.name} has no container ${missing.join(', ')}; it has ${names.join(', ')}`;
  return { reason: 'ContainerNotFound', message };
}

function podTerminating({ metadata }: Pod): Why | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return { reason: 'PodTerminating', message: `pod ${metadata.name} is being deleted` };
}

function podNotRunning({ metadata, spec, status }: Pod): Why | undefined {
  const phase = status?.phase ?? 'Unknown';
  if (spec.nodeName === undefined || spec.nodeName === '') {
    return { reason: 'PodNotRunning', message: `pod ${metadata.name} is not assigned to a node yet (phase ${phase})` };
  }
  if (phase === 'Running') return undefined;
  return { reason: 'PodNotRunning', message: `pod ${metadata.name} is in phase ${phase}, not Running` };
}

function containerNotRunning(pod: Pod, { checkpoint }: Undispatched): Why | undefined {
  const choice = chooseContainers(pod, checkpoint.spec.containers);
  return choice.ok ? undefined : choice;
}

/** The node sees only the sandbox of such a pod, as one process or none. */
function sandboxedRuntime({ metadata, spec }: Pod, { runtimeHandler, settings }: Undispatched): Why | undefined {
  if (runtimeHandler === undefined || !matchesAny(runtimeHandler, settings.sandboxedRuntimeHandlers)) return undefined;
  const message = `pod ${metadata.name} runs in a sandbox (RuntimeClass ${spec.runtimeClassName}, handler ${runtimeHandler}), whose processes the node does not see`;
  return { reason: 'SandboxedRuntime', message };
}

function holdAgainstProbes(pod: Pod, { checkpoint }: Undispatched): Why | undefined {
  const { hold, containers } = checkpoint.spec;
  if (hold === undefined || !asksForHold(checkpoint) || hold.despiteProbes === true) return undefined;
  if (isReleaseRequested(checkpoint)) return undefined;
  const choice = chooseContainers(pod, containers);
  return choice.ok
    ? probeWouldKill(
        pod,
        choice.containers.map(({ name }) => name),
        hold.seconds,
      )
    : undefined;
}
