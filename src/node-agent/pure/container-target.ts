export type CgroupVersion = 'v1' | 'v2';

/** One cgroup to capture, as the resolver found it. */
export interface ContainerTarget {
  /** Of the container in its pod, where it was asked for by name. */
  readonly name?: string;
  /** Where the cgroup's name carries one. */
  readonly containerID?: string;
  /** Absolute path of the cgroup's directory on this host, links resolved. */
  readonly directory: string;
  /** The same below the mount point of its hierarchy; starts with `/`. */
  readonly cgroupPath: string;
  /** The hierarchy that {@link directory} is in. */
  readonly cgroupVersion: CgroupVersion;
  /** How it is to be held still until it is seized; `none`: interrupted task by task. */
  readonly freezer: 'v1' | 'v2' | 'none';
}
