/** Says what kubelet's probes do while a pod is held. Pure. */
import { chooseContainers } from '../../pod/containers.js';
import type { Pod, PodContainer } from '../../pod/pod.js';
import { probeLimit, type ProbeLimit } from '../../pod/probes.js';
import { spanText } from './hold-text.js';

/** Says what the probes of a pod will do during a hold. */
export interface ProbeFacts {
  /** The held containers whose readiness probe will fail. */
  readonly unready: readonly string[];
  /** The probe by which kubelet would first restart a container; absent where none does. */
  readonly limit?: ProbeLimit;
}

/** @param now milliseconds since the epoch */
export function probeFacts(pod: Pod, containers: readonly string[] | undefined, now: number): ProbeFacts {
  const choice = chooseContainers(pod, containers);
  const held = choice.ok ? choice.containers.map(({ name }) => name) : (containers ?? []);
  const all: readonly PodContainer[] = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const unready = all
    .filter(({ name, readinessProbe }) => readinessProbe !== undefined && held.includes(name))
    .map(({ name }) => name);
  const limit = probeLimit(pod, held, now);
  return { unready, ...(limit === undefined ? {} : { limit }) };
}

/** Returns a sentence for each thing that happens during a hold of `seconds`. */
export function probeLines({ unready, limit }: ProbeFacts, seconds: number): string[] {
  const lines: string[] = [];
  if (unready.length > 0)
    lines.push(
      `Its readiness ${unready.length === 1 ? 'probe' : 'probes'} (${among(unready)}) will fail: it is taken out of its Services, and comes back when it is let go.`,
    );
  if (limit !== undefined) lines.push(limitLine(limit, seconds));
  if (lines.length === 0) lines.push('It has no probe that would fail meanwhile.');
  return lines;
}

function limitLine({ container, kind, seconds: longest, because }: ProbeLimit, seconds: number): string {
  const after = spanText((longest + 1) * 1000);
  const whose = `the ${kind} of container ${container}${because === '' ? '' : ` ${because}`}`;
  if (longest >= seconds)
    return `No container is restarted: ${whose} would have kubelet do that after ${after}, and the hold is shorter.`;
  return `kubelet restarts container ${container} after ${after}, by ${whose}; that ends the hold before its time.`;
}

function among(containers: readonly string[]): string {
  return containers.length === 1 ? `container ${containers.join('')}` : `containers ${containers.join(', ')}`;
}
