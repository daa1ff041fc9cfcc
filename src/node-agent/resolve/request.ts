/** What is asked of the resolver, and what it answers. Types, and the two ways to build an answer. */
import { printable } from '../pure/parse-error.js';
import type { ContainerTarget } from '../pure/container-target.js';

/** What the user named, and whether the cgroup freezer may be used for it. */
export type TargetRequest = (
  | { readonly kind: 'cgroup'; readonly path: string }
  | { readonly kind: 'pid'; readonly pid: number }
  | { readonly kind: 'pod'; readonly uid: string }
) & { readonly freezer: 'auto' | 'none' };

/** Where this machine's kernel is to be found. */
export interface ResolveRoots {
  /** Where the procfs of the host's pid namespace is mounted, such as `/proc`. */
  readonly proc: string;
  /**
   * Directory at or below which the host's cgroups are mounted, such as `/host/sys/fs/cgroup` in a pod, whose own
   * `/sys/fs/cgroup` may show no more than the pod's own container. Without it every cgroup mount counts.
   */
  readonly cgroupRoot?: string;
  /** Pid of the process that would capture: a cgroup that holds it is never a target. */
  readonly self: number;
}

/** The cgroups to capture, or one line for a person that names the value it is about. */
export type Resolution =
  | { readonly ok: true; readonly containers: readonly ContainerTarget[] }
  | { readonly ok: false; readonly message: string };

/** A value, or why there is none. */
export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export function refuse(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

/** A path or other value of the user's in a message: 200 characters keep the recognisable part of a long cgroup path. */
export function shown(value: string): string {
  return printable(value, 200);
}
