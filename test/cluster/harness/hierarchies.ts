import { readFileSync } from 'node:fs';

/** One cgroup hierarchy, and the directory of the caller's own cgroup in it. */
export interface Hierarchy {
  /** The controllers as in /proc/PID/cgroup: `freezer`, `cpu,cpuacct`, `name=systemd`; empty for cgroup v2. */
  readonly controllers: string;
  readonly directory: string;
}

/**
 * Returns the caller's own cgroup in every mounted hierarchy. Everything is read before any process is moved, because
 * each move changes /proc/self/cgroup.
 */
export function ownHierarchies(): Hierarchy[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const found: Hierarchy[] = [];
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    // cgroups(7), /proc/PID/cgroup: `7:freezer:/path`, and `0::/path` for v2.
    const [id, controllers, ...path] = line.split(':');
    if (id === undefined || controllers === undefined) continue;
    const directory = mounts.flatMap((mount) => directoryIn(mount, controllers, path.join(':'))).at(0);
    if (directory !== undefined) found.push({ controllers, directory });
  }
  return found;
}

/**
 * The fields of a line (proc_pid_mountinfo(5)): root (4), mount point (5), options, `-`, type, source, super options.
 */
function directoryIn(mount: string, controllers: string, own: string): string[] {
  const [before, after] = mount.split(' - ');
  const [, , , root, mountPoint] = before?.split(' ') ?? [];
  const [type, , options] = after?.split(' ') ?? [];
  if (root === undefined || mountPoint === undefined || options === undefined) return [];
  if (type !== (controllers === '' ? 'cgroup2' : 'cgroup')) return [];
  const offered = options.split(',');
  if (controllers !== '' && !controllers.split(',').every((one) => offered.includes(one))) return [];
  const prefix = root === '/' ? '' : root;
  if (own !== prefix && !own.startsWith(`${prefix}/`)) return [];
  return [(mountPoint + own.slice(prefix.length)).replace(/\/$/, '')];
}
