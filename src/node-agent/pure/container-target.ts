export type CgroupVersion = 'v1' | 'v2';

/** A cgroup to capture, as the resolver found it. */
export interface ContainerTarget {
  /** Name of the container in its pod, if the container was asked for by name. */
  readonly name?: string;
  /** ID of the container, if the cgroup's name contains one. */
  readonly containerID?: string;
  /** Absolute path of the cgroup's directory on this host, links resolved. */
  readonly directory: string;
  /** The same directory as a path below the mount point of its hierarchy. The path starts with `/`. */
  readonly cgroupPath: string;
  /** The hierarchy that {@link directory} is in. */
  readonly cgroupVersion: CgroupVersion;
  /** How the tasks are to be held still until they are seized. `none`: they are interrupted one by one. */
  readonly freezer: 'v1' | 'v2' | 'none';
}
