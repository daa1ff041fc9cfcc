/** Tells whether a pod's own probes would have a container restarted during a hold. Pure. */
import type { ContainerStatus, Pod, PodContainer, Probe } from '../resources.js';
import type { Why } from '../status.js';

/** The defaults of core/v1 Probe. The API server fills them in; they matter only for a pod from another source. */
const PERIOD_SECONDS = 10;
const TIMEOUT_SECONDS = 1;
const FAILURE_THRESHOLD = 3;

/**
 * Refuses a hold of `seconds` that one of the chosen containers would not survive. A held process answers no probe, and a
 * command that a probe runs in the container stands still with it, so every probe fails when its timeout is over. A
 * tcpSocket probe may succeed for a while, because the kernel accepts connections up to the length of the listening
 * socket's queue, which nobody outside of the process knows; it is counted like the others.
 */
export function probeWouldKill(pod: Pod, chosen: readonly string[], seconds: number): Why | undefined {
  const deaths = containersOf(pod)
    .filter(({ name }) => chosen.includes(name))
    .flatMap((container) => {
      const found = activeProbe(container, statusOf(pod, container.name));
      return found === undefined ? [] : [{ name: container.name, ...found, after: killsAfterSeconds(found.probe) }];
    })
    .filter(({ after }) => after <= seconds)
    .sort((a, b) => a.after - b.after);
  const [first] = deaths;
  if (first === undefined) return undefined;
  const others = deaths.length === 1 ? '' : ` (and those of ${deaths.length - 1} more containers later)`;
  return {
    reason: 'ProbeWouldKill',
    message:
      `the ${first.kind} of container ${first.name} would have kubelet restart it after ${first.after} s of the ` +
      `${seconds} s${others}; hold for less, or set hold.despiteProbes`,
  };
}

/**
 * The earliest moment after the beginning of a hold at which kubelet kills the container, in seconds. In the worst case a
 * probe starts with the hold. It fails after its timeout; kubelet starts the next one a period later, or at once if the
 * timeout is longer than the period; and the container is killed at the failure that reaches the threshold.
 * (https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/)
 */
export function killsAfterSeconds(probe: Probe): number {
  const timeout = probe.timeoutSeconds ?? TIMEOUT_SECONDS;
  const every = Math.max(probe.periodSeconds ?? PERIOD_SECONDS, timeout);
  return ((probe.failureThreshold ?? FAILURE_THRESHOLD) - 1) * every + timeout;
}

/** Kubelet runs the startup probe until it has passed, and only then the liveness probe. */
function activeProbe(
  { livenessProbe, startupProbe }: PodContainer,
  status: ContainerStatus | undefined,
): { readonly kind: string; readonly probe: Probe } | undefined {
  if (startupProbe !== undefined && status?.started !== true) return { kind: 'startup probe', probe: startupProbe };
  return livenessProbe === undefined ? undefined : { kind: 'liveness probe', probe: livenessProbe };
}

function containersOf({ spec }: Pod): readonly PodContainer[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return all.find((container) => container.name === name);
}
