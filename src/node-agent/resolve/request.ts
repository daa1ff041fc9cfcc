/** The request to the resolver, and its answer. Types, and the two functions that build an answer. */
import { printable } from '../pure/parse-error.js';
import type { ContainerTarget } from '../pure/container-target.js';

/** The target that the user named, and whether the cgroup freezer may be used for it. */
export type TargetRequest = (
  | { readonly kind: 'cgroup'; readonly path: string }
  | { readonly kind: 'pid'; readonly pid: number }
  | { readonly kind: 'pod'; readonly uid: string }
) & { readonly freezer: 'auto' | 'none' };

/** The places at which this machine's kernel can be seen. */
export interface ResolveRoots {
  /** Mount point of the procfs of the host's pid namespace, such as `/proc`. */
  readonly proc: string;
  /**
   * Directory at or below which the host's cgroups are mounted, such as `/host/sys/fs/cgroup` in a pod: the pod's own
   * `/sys/fs/cgroup` may show no more than the pod's own container. Without this directory, every cgroup mount counts.
   */
  readonly cgroupRoot?: string;
  /** Pid of the process that would capture. A cgroup that contains this process is never a target. */
  readonly self: number;
}

/** The cgroups to capture, or one line for a person that names the value that was refused. */
export type Resolution =
  | { readonly ok: true; readonly containers: readonly ContainerTarget[] }
  | { readonly ok: false; readonly message: string };

/** A value, or why there is none. */
export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export function refuse(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

/** A path or another value of the user's, made safe for a message. 200 characters keep the recognisable part of a long cgroup path. */
export function shown(value: string): string {
  return printable(value, 200);
}
