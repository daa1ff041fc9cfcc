/** Tells whether a pod's own probes would have a container restarted during a hold. Pure. */
import type { ContainerStatus, Pod, PodContainer, Probe } from './pod.js';
import { unheldAnswer } from './probe-ports.js';
import type { Why } from './why.js';

/** The defaults of core/v1 Probe. The API server fills them in; they matter only for a pod from another source. */
const PERIOD_SECONDS = 10;
const TIMEOUT_SECONDS = 1;
const FAILURE_THRESHOLD = 3;

/** A probe that would fail during the hold. */
interface Death {
  readonly name: string;
  readonly kind: 'startup probe' | 'liveness probe';
  /** Why it would fail although its container is not held. */
  readonly because: string;
  /** Seconds from the beginning of the hold. */
  readonly after: number;
}

/**
 * Refuses a hold of `seconds` that one of the pod's containers would not survive. A held process answers no probe, and a
 * command that a probe runs in the container stands still with it, so every probe fails when its timeout is over. A
 * tcpSocket probe may succeed for a while, because the kernel accepts connections up to the length of the listening
 * socket's queue, which nobody outside of the process knows; it is counted like the others.
 *
 * A container that is not held can be restarted as well: the containers of a pod share one network, so the probe of one of
 * them may be answered by another one that is held (a mesh sidecar, to which the probes of the application are sent).
 *
 * @param now milliseconds since the epoch
 */
export function probeWouldKill(pod: Pod, chosen: readonly string[], seconds: number, now: number): Why | undefined {
  const deaths = deathsOf(pod, chosen, now).filter(({ after }) => after <= seconds);
  const [first] = deaths;
  if (first === undefined) return undefined;
  const others = deaths.length === 1 ? '' : ` (and those of ${deaths.length - 1} more containers later)`;
  return {
    reason: 'ProbeWouldKill',
    message:
      `the ${first.kind} of container ${first.name}${first.because} would have kubelet restart it after ` +
      `${first.after} s, and the hold is ${seconds} s${others}; hold for less, or set hold.despiteProbes`,
  };
}

/** The end that a pod's own probes set to a hold. */
export interface ProbeLimit {
  /** The longest hold in whole seconds that every probe allows. With 0, not even the shortest hold is accepted. */
  readonly seconds: number;
  readonly container: string;
  readonly kind: Death['kind'];
  /** Why it would fail although its container is not held; empty where it is held. */
  readonly because: string;
}

/** Returns undefined where no probe limits a hold of these containers. */
export function probeLimit(pod: Pod, chosen: readonly string[], now: number): ProbeLimit | undefined {
  const [first] = deathsOf(pod, chosen, now);
  if (first === undefined) return undefined;
  const { name, kind, because, after } = first;
  return { seconds: Math.max(0, after - 1), container: name, kind, because: because.trim() };
}

/** The probes that would fail during a hold, the earliest first; at most one of each container. */
function deathsOf(pod: Pod, chosen: readonly string[], now: number): Death[] {
  return containersOf(pod)
    .flatMap((container) => deathOf(pod, container, chosen, now) ?? [])
    .sort((a, b) => a.after - b.after);
}

/**
 * The earliest moment after the beginning of a hold at which kubelet kills the container, in seconds. In the worst case a
 * probe starts with the hold. It fails after its timeout; kubelet starts the next one a period later, or at once if the
 * timeout is longer than the period; and the container is killed at the failure that reaches the threshold.
 * (https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/)
 */
export function killsAfterSeconds(probe: Probe): number {
  const timeout = timeoutOf(probe);
  const every = Math.max(probe.periodSeconds ?? PERIOD_SECONDS, timeout);
  return ((probe.failureThreshold ?? FAILURE_THRESHOLD) - 1) * every + timeout;
}

/**
 * The same for a startup probe, which has not passed yet. In the worst case each of its attempts since the container's
 * start has failed, and the hold gets what they have left. The status does not tell how many failed; it tells when the
 * container started. Whatever has passed, a probe that starts with the hold fails only after its timeout.
 *
 * @param startedAt RFC 3339, by the clock of the node
 * @param now milliseconds since the epoch, by the clock of whoever asks. A difference of the clocks shifts the result by as
 * much, but never beyond what a container that starts with the hold gets
 */
export function startupKillsAfterSeconds(probe: Probe, startedAt: string | undefined, now: number): number {
  const whole = (probe.initialDelaySeconds ?? 0) + killsAfterSeconds(probe);
  const passed = (now - Date.parse(startedAt ?? '')) / 1000;
  // Rounded down: a hold that takes the last second is too long.
  return Number.isNaN(passed) ? whole : Math.max(timeoutOf(probe), Math.floor(whole - Math.max(0, passed)));
}

function deathOf(pod: Pod, container: PodContainer, chosen: readonly string[], now: number): Death | undefined {
  const { name } = container;
  const status = statusOf(pod, name);
  const isHeld = chosen.includes(name);
  if (!isHeld && status?.state?.running === undefined) return undefined;
  const [first] = activeProbes(container, status, now)
    .flatMap(({ probe, ...rest }): Death[] => {
      if (isHeld) return [{ name, because: '', ...rest }];
      const because = unheldAnswer(container, probe, containersOf(pod), chosen);
      return because === undefined ? [] : [{ name, because: ` (${because})`, ...rest }];
    })
    .sort((a, b) => a.after - b.after);
  return first;
}

interface ActiveProbe extends Pick<Death, 'kind' | 'after'> {
  readonly probe: Probe;
}

/**
 * Kubelet runs the startup probe until it has passed, and only then the liveness probe. The startup probe may pass between
 * this look and the freeze, so until then both count.
 */
function activeProbes(
  { livenessProbe, startupProbe }: PodContainer,
  status: ContainerStatus | undefined,
  now: number,
): readonly ActiveProbe[] {
  const probes: ActiveProbe[] = [];
  if (startupProbe !== undefined && status?.started !== true) {
    const after = startupKillsAfterSeconds(startupProbe, status?.state?.running?.startedAt, now);
    probes.push({ kind: 'startup probe', probe: startupProbe, after });
  }
  if (livenessProbe !== undefined)
    probes.push({ kind: 'liveness probe', probe: livenessProbe, after: killsAfterSeconds(livenessProbe) });
  return probes;
}

function timeoutOf({ timeoutSeconds }: Probe): number {
  return timeoutSeconds ?? TIMEOUT_SECONDS;
}

function containersOf({ spec }: Pod): readonly PodContainer[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return all.find((container) => container.name === name);
}
