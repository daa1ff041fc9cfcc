/** The pods of the end-to-end tests: the types that are used, and containers that show when they stood still. */
import type { KubeObject } from '../../../src/kube/types.js';

/** A small container image with a shell that the cluster can start. */
const IMAGE = process.env['STASIS_TEST_IMAGE'] ?? 'busybox:1.36';

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly restartPolicy?: 'Always';
  readonly ports?: readonly object[];
  readonly livenessProbe?: object;
  readonly resources?: object;
  readonly securityContext?: object;
  readonly volumeMounts?: readonly object[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly nodeName?: string;
  readonly hostPID?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly [field: string]: unknown;
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly containerID?: string } };
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

/** A container that runs a shell script and ends at once on SIGTERM. */
export function shell(name: string, script: string, rest: Partial<Container> = {}): Container {
  return { name, image: IMAGE, command: ['sh', '-c', `trap 'exit 0' TERM; ${script}`], ...rest };
}

/** Prints the machine's uptime every 10 ms, so that a pause shows as a gap. `first` is a script that runs before. */
export function heart(name: string, rest: Partial<Container> = {}, first = ':'): Container {
  const beat = 'while :; do read up idle < /proc/uptime; echo "beat $up"; usleep 10000; done';
  return shell(name, `${first}; ${beat}`, rest);
}

export function sleeper(name: string, rest: Partial<Container> = {}): Container {
  return shell(name, 'while :; do sleep 0.2; done', rest);
}

/**
 * Returns the longest time between two beats in a log of {@link heart}, in seconds; -1 without two beats. The clock
 * ticks every 0.01 s.
 */
export function longestGap(log: string): number {
  const beats = [...log.matchAll(/^beat ([0-9.]+)$/gm)].map(([, up]) => Number(up));
  return beats.slice(1).reduce((longest, up, index) => Math.max(longest, up - (beats[index] ?? up)), -1);
}

/** Returns the time of the last beat in seconds since the machine started; -1 without a beat. */
export function lastBeat(log: string): number {
  return Number([...log.matchAll(/^beat ([0-9.]+)$/gm)].at(-1)?.[1] ?? '-1');
}
