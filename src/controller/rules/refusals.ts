/**
 * The reasons to refuse a Checkpoint. Pure. The rules that can never pass for this pod or this Checkpoint come first,
 * and the rules that may pass later come last. Otherwise a user could fix one problem only to be told of another that
 * cannot be fixed.
 */
import { podNameOf } from '../../api/checkpoint-pod.js';
import { chooseContainers } from '../../pod/containers.js';
import type { Pod } from '../../pod/pod.js';
import { probeWouldKill } from '../../pod/probes.js';
import {
  containerNotFound,
  hostLevelPod,
  namespaceExcluded,
  podNotRunning,
  podTerminating,
  sandboxedRuntime,
  stasisPod,
} from '../../pod/refusals.js';
import type { Why } from '../../pod/why.js';
import type { Undispatched } from '../observation.js';
import { isReleaseRequested } from '../status.js';

type PodRule = (pod: Pod, observation: Undispatched) => Why | undefined;

/** The label that Velero puts on every object that it restores. */
export const RESTORED_LABEL = 'velero.io/restore-name';

/** Returns undefined when nothing prevents the capture, except perhaps what may pass by itself. */
export function findRefusal(observation: Undispatched): Why | undefined {
  const { checkpoint, pod, settings } = observation;
  const { namespace = '', name, labels } = checkpoint.metadata;
  const excluded = namespaceExcluded(namespace, settings.excludedNamespaces);
  if (excluded !== undefined) return excluded;
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
  (pod, { settings }) => stasisPod(pod, settings.namespace),
  hostLevelPod,
  (pod, { runtimeHandler, settings }) => sandboxedRuntime(pod, runtimeHandler, settings.sandboxedRuntimeHandlers),
  (pod, { checkpoint }) => containerNotFound(pod, checkpoint.spec.containers),
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

function containerNotRunning(pod: Pod, { checkpoint }: Undispatched): Why | undefined {
  const choice = chooseContainers(pod, checkpoint.spec.containers);
  return choice.ok ? undefined : choice;
}

function holdAgainstProbes(pod: Pod, { checkpoint, now }: Undispatched): Why | undefined {
  const { hold, containers } = checkpoint.spec;
  // A dry run names what would stand in the way of the hold, too.
  if (hold === undefined || hold.despiteProbes === true) return undefined;
  if (isReleaseRequested(checkpoint)) return undefined;
  const choice = chooseContainers(pod, containers);
  return choice.ok
    ? probeWouldKill(
        pod,
        choice.containers.map(({ name }) => name),
        hold.seconds,
        now,
      )
    : undefined;
}
